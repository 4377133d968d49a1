"""Batch-norm statistics as a trained network has them."""

import torch
from torch import nn


def with_trained_looking_statistics(model: nn.Module) -> nn.Module:
    """Give every batch norm a mean, a variance, a weight and a bias of its own.

    A freshly initialised one has mean 0, variance 1 and bias 0, and so hides every mistake in folding it away.
    """
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
                module.running_mean.normal_(0.0, 0.3, generator=generator)
                module.running_var.uniform_(0.5, 1.5, generator=generator)
                module.weight.uniform_(0.7, 1.3, generator=generator)
                module.bias.normal_(0.0, 0.2, generator=generator)
    return model
