"""TorchScript archives without what only debuggers need."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from pocketfit.exporter.builder import BuildOrder, Optimized
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.torchscript import recipe
from pocketfit.formats import FORMATS
from pocketfit.records import ModelSpec


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
@pytest.mark.parametrize(
    ("layer", "record", "version"), [("ReLU", "version", b"3\n"), ("GELU", ".data/version", b"10\n")]
)
def test_the_version_stays_what_the_operators_need(
    tmp_path: Path, format_name: str, layer: str, record: str, version: bytes
) -> None:
    """A newer version stands in another record; a runtime refuses what is newer than itself by it."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), getattr(torch.nn, layer)()).eval()
    inputs = (torch.randn(1, 4),)
    builder, path = BUILDERS[format_name], tmp_path / f"net{FORMATS[format_name].suffix}"
    builder.save(recipe.optimize(BuildOrder(model, inputs, ModelSpec("net", "x:y")), lambda run: None), path)
    with zipfile.ZipFile(path) as archive:
        assert archive.read(f"net/{record}") == version
        assert not [name for name in archive.namelist() if name.endswith(".debug_pkl")]
    with torch.no_grad():
        torch.testing.assert_close(builder.load(path)(*inputs), model(*inputs))


@torch.jit.script
class Pair:
    def __init__(self, first: torch.Tensor, second: torch.Tensor) -> None:
        self.first = first
        self.second = second


class Holder(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pairs = [Pair(x, x + 1)]
        for _ in range(int(x.sum())):
            pairs.append(Pair(x, x + 2))
        return pairs[-1].second


def test_an_object_that_lite_can_not_hold_is_named(tmp_path: Path) -> None:
    module, path = torch.jit.script(Holder().eval()), tmp_path / "net.ptl"
    with pytest.raises(ModelProblem) as caught:
        BUILDERS["lite"].save(Optimized(module, (), (), {}), path)
    assert str(caught.value) == (
        "the lite interpreter takes no objects of classes that are no modules, and the model makes a "
        "tests.integration.exporter.torchscript.test_archive.Pair: pass its tensors on instead"
    )
    assert list(tmp_path.iterdir()) == []


class Differing(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return {"out": (x, x), "aux": x}


def test_a_type_that_lite_can_not_read_is_named(tmp_path: Path) -> None:
    BUILDERS["lite"].save(Optimized(torch.jit.script(Differing().eval()), (), (), {}), tmp_path / "net.ptl")
    with pytest.raises(ModelProblem) as caught:
        BUILDERS["lite"].load(tmp_path / "net.ptl")
    assert str(caught.value) == (
        "the lite interpreter reads no dict whose values are of different types, and forward makes a "
        "Dict[str,Union[Tensor, Tuple[Tensor, Tensor]]]: return a tuple, or values of one type, or set "
        'how = "trace", whose file has no such type'
    )
