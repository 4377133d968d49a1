"""Two of torchvision's classifiers. A real repository would load its trained weights here."""

import torchvision
from statistics_like_trained import with_trained_looking_statistics
from torch import nn

MOBILENET_WIDTH = 1.0


def resnet18() -> nn.Module:
    return with_trained_looking_statistics(torchvision.models.resnet18())


def mobilenet_v2() -> nn.Module:
    return with_trained_looking_statistics(torchvision.models.mobilenet_v2(width_mult=MOBILENET_WIDTH))
