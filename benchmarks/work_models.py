"""The models that work_counts counts: some of torchvision's, and changes of them whose size is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.latency_models import save
from pocketfit.judge.golden import seeded_arrays, write_arrays
from pocketfit.records import InputSpec, SmokeInput

MODELS = ("resnet18", "mobilenet_v2", "squeezenet1_1", "mobilenet_v3_small")
# Mostly small, since an emulated call takes a hundred times as long.
SIDE, MEDIUM_SIDE, LARGE_SIDE = 64, 128, 224
# The share of the model's multiply-accumulates that one more convolution has.
SHARES = (0.01, 0.05, 0.2)
CHANNELS = 48


@dataclass(frozen=True)
class Made:
    """A file, and the multiply-accumulates of one forward by torch.utils.flop_counter."""

    given: SmokeInput
    macs: int


def plain(name: str, seed: int = 0, **arguments: Any) -> Any:
    """The architecture with random weights, and batch norms with statistics."""
    import torch
    import torchvision

    torch.manual_seed(seed)
    model = getattr(torchvision.models, name)(weights=None, **arguments)
    norms = [part for part in model.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
    with torch.no_grad():
        for _ in range(2):
            model.train()(torch.randn(4, 3, SIDE, SIDE))
    return model.eval()


def with_convolution(model: Any, macs: int, share: float) -> Any:
    """The model and one more 3x3 convolution, of about this share of its `macs`, beside it on a piece of the image.

    What it gives counts too little to change an output.
    """
    import torch
    from torch import nn

    # On as large a piece as leaves it 16 channels or more: they are made in eights, like a model's own.
    sides = (side for side in (64, 32) if _wide(macs * share, side) >= 16)
    side = next(sides, 16)
    wide = max(8, _wide(macs * share, side))

    class Longer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model, self.more = model, nn.Conv2d(CHANNELS, wide, 3, padding=1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            piece = image[:, :, :side, :side].reshape(1, CHANNELS, side // 4, side // 4)
            return self.model(image) + 1e-12 * self.more(piece).mean()

    return Longer().eval()


def _wide(macs: float, side: int) -> int:
    """The output channels of a 3x3 convolution with so many multiply-accumulates, in eights."""
    return round(macs / (CHANNELS * 9 * (side // 4) ** 2) / 8) * 8


def export(model: Any, path: Path, side: int = SIDE) -> Made:
    """In the format that the file's suffix says."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    spec = InputSpec((1, 3, side, side))
    format = save(model, path, spec.shape)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(spec.shape))
    folder = path.parent / f"inputs{side}"
    folder.mkdir(exist_ok=True)
    inputs = write_arrays([("[0]", seeded_arrays([spec])[0])], folder, "input")
    return Made(SmokeInput(format, path, inputs, folder), counter.get_total_flops() // 2)
