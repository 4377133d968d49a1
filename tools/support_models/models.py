"""The models of docs/support.md: every family in its smallest member, with weights whose outputs say something.

A fresh network hides what export does wrong: its batch norms do nothing, and zeros or a layer scale of 1e-6 keep whole
branches out of the output. `awake` gives each of these values that matter; the seed is Pocketfit's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection.image_list import ImageList

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
BATCHES = 3


def awake(model: nn.Module, forward: Callable[[], Any] | None = None) -> nn.Module:
    """No parameter is all zeros or all the same; batch norms have the statistics of what `forward` runs."""
    norms = [module for module in model.modules() if isinstance(module, BATCH_NORMS)]
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            constant = parameter.numel() > 1 and bool((parameter == parameter.flatten()[0]).all())
            if constant and name.endswith("bias"):
                parameter.normal_(0.0, 0.1)
            elif constant and parameter.ndim > 1 and not name.endswith("layer_scale"):
                parameter.normal_(0.0, 1 / math.sqrt(parameter.shape[-1]))
            elif constant:
                parameter.uniform_(0.5, 1.5)
        model.eval()
        for norm in norms:
            # Without momentum a batch norm keeps the plain mean over all batches.
            norm.momentum = None
            norm.reset_running_stats()
            norm.train()
        for _ in range(BATCHES if norms and forward else 0):
            forward()
    return model.eval()


def classifier(name: str, size: int = 64, **arguments: Any) -> nn.Module:
    """A classification network of torchvision."""
    return _awake_on(getattr(torchvision.models, name)(weights=None, **arguments), (2, 3, size, size))


def segmentation() -> nn.Module:
    network = torchvision.models.segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None)
    return _awake_on(network, (2, 3, 64, 64))


def video(name: str) -> nn.Module:
    return _awake_on(getattr(torchvision.models.video, name)(weights=None), (2, 3, 8, 56, 56))


def _awake_on(model: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    return awake(model, lambda: model(torch.randn(shape)))


class Detector(nn.Module):
    """A detection network of torchvision as an app uses it: one image in, its detections out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        found = self.network([image])
        # Scripted it returns the losses too.
        if torch.jit.is_scripting():
            return found[1][0]
        return found[0]


def detector(name: str, **arguments: Any) -> nn.Module:
    network = getattr(torchvision.models.detection, name)(weights=None, weights_backbone=None, **arguments)
    return awake(Detector(network), lambda: network.backbone(torch.randn(2, 3, 320, 320)))


class PlainDetector(nn.Module):
    """An ssdlite of operators that the runtimes have: no resize (the app does it), and its own loop instead of nms."""

    def __init__(self, network: nn.Module, size: int) -> None:
        super().__init__()
        # Block by block: the backbone's own OrderedDict is nothing that the lite interpreter can make.
        self.blocks = nn.ModuleList([*network.backbone.features, *network.backbone.extra])
        self.head = network.head
        image = torch.zeros(1, 3, size, size)
        with torch.no_grad():
            features = self.features(image)
            anchors = network.anchor_generator(ImageList(image, [(size, size)]), features)[0]
        self.register_buffer("anchors", anchors)

    def features(self, images: Tensor) -> list[Tensor]:
        found: list[Tensor] = []
        for block in self.blocks:
            images = block(images)
            found.append(images)
        return found

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        raw = self.head(self.features((image.unsqueeze(0) - 0.5) / 0.5))
        boxes = decode(raw["bbox_regression"][0], self.anchors)
        scores, labels = raw["cls_logits"][0].softmax(-1)[:, 1:].max(-1)
        kept = suppress(boxes, scores)
        return {"boxes": boxes[kept], "scores": scores[kept], "labels": labels[kept] + 1}


def decode(offsets: Tensor, anchors: Tensor) -> Tensor:
    """Boxes (x1, y1, x2, y2) from what the head says of the anchors; the divisors are torchvision's."""
    size = anchors[:, 2:] - anchors[:, :2]
    center = (anchors[:, 2:] + anchors[:, :2]) / 2 + offsets[:, :2] / 10 * size
    half = (offsets[:, 2:] / 5).clamp(max=4.0).exp() * size / 2
    return torch.cat([center - half, center + half], 1)


def suppress(boxes: Tensor, scores: Tensor) -> Tensor:
    """The 20 best of the 200 best boxes, without those that a better one overlaps by more than half."""
    order = torch.argsort(scores, descending=True)[:200]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[Tensor] = []
    while order.numel() > 0 and len(kept) < 20:
        best = order[0]
        kept.append(best)
        corner = torch.max(boxes[order, :2], boxes[best, :2])
        sides = (torch.min(boxes[order, 2:], boxes[best, 2:]) - corner).clamp(min=0.0)
        common = sides[:, 0] * sides[:, 1]
        order = order[common <= 0.5 * (area[order] + area[best] - common)]
        # A box without area does not even overlap itself.
        order = order[order != best]
    return torch.stack(kept)


def plain_ssdlite() -> nn.Module:
    return PlainDetector(detector("ssdlite320_mobilenet_v3_large").network, 320)


class Recurrent(nn.Module):
    """Sequences of 20 steps to 10 classes."""

    def __init__(self, layer: type[nn.RNNBase]) -> None:
        super().__init__()
        self.layer = layer(16, 32, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(64, 10)

    def forward(self, steps: Tensor) -> Tensor:
        return self.head(self.layer(steps)[0][:, -1])


def lstm() -> nn.Module:
    return Recurrent(nn.LSTM)


def gru() -> nn.Module:
    return Recurrent(nn.GRU)


class TextClassifier(nn.Module):
    """Token ids (int64) to 4 classes, padding (id 0) left out of the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 32, padding_idx=0)
        self.hidden = nn.Linear(32, 32)
        self.head = nn.Linear(32, 4)

    def forward(self, ids: Tensor) -> Tensor:
        kept = (ids != 0).unsqueeze(-1).float()
        mean = (self.embedding(ids) * kept).sum(1) / kept.sum(1).clamp(min=1.0)
        return self.head(self.hidden(mean).relu())


def text_classifier() -> tuple[nn.Module, tuple[Tensor]]:
    ids = torch.randint(1, 1000, (2, 24))
    ids[1, 16:] = 0
    return TextClassifier(), (ids,)


class TwoInputs(nn.Module):
    """An image and a mask of numbers to a score and a nested tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 8, 3)
        self.dense = nn.Linear(6, 8)

    def forward(self, image: Tensor, numbers: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        seen = self.convolution(image).relu().mean((2, 3))
        told = self.dense(numbers).tanh()
        return (seen * told).sum(-1), (seen, told)


def two_inputs() -> nn.Module:
    return TwoInputs()


class DirectAttention(nn.Module):
    """A block of a transformer that calls scaled_dot_product_attention itself, as most newer ones do."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        self.mixed = nn.Linear(32, 96)
        self.out = nn.Linear(32, 32)

    def forward(self, tokens: Tensor) -> Tensor:
        batch, length, width = tokens.shape
        heads = self.mixed(self.norm(tokens)).view(batch, length, 3, 4, width // 4).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(heads[0], heads[1], heads[2])
        return tokens + self.out(mixed.transpose(1, 2).reshape(batch, length, width))


def direct_attention() -> nn.Module:
    return awake(DirectAttention(nn.LayerNorm(32)))


def rms_norm() -> nn.Module:
    network = nn.Sequential(nn.Linear(32, 32), nn.RMSNorm(32), nn.GELU(), nn.Linear(32, 10))
    return awake(network)
