"""`with torch.no_grad():` and the like in scripts, for the lite interpreter, which has no `with`."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pocketfit.exporter.main import export
from pocketfit.exporter.torchscript.recipe import root_operators
from pocketfit.job import Exported, Job, NotExported
from pocketfit.records import InputSpec, ModelSpec, Variant

MODEL = """
import torch
from torch import nn


class Inner(nn.Module):
    def forward(self, x):
        with torch.no_grad():
            x = x - x.mean()
        if bool(x.sum() > 0):
            with torch.autograd.profiler.record_function("positive"):
                x = x * 2
        return x


class Casts(nn.Module):
    def forward(self, x):
        with torch.autocast("cpu", enabled=False):
            y = x * 2
        return y


class Net(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner, self.last = inner, nn.Linear(4, 4)

    def forward(self, x):
        with torch.no_grad():
            y = self.inner(x)
        return self.last(y)


def net(): return Net(Inner()).eval()
def casts(): return Net(Casts()).eval()
def mixed(): return Net(torch.jit.script(Inner())).eval()
"""
SAID = "left out of the script, since it changes no answer: with torch.no_grad(), torch.autograd.profiler.record_function()"


def built(root: Path, source: str, format_name: str, how: str = "script") -> Exported | NotExported:
    (root / "model.py").write_text(MODEL)
    (root / "job").mkdir()
    spec = ModelSpec("m", f"model.py:{source}", inputs=(InputSpec((2, 4)),), how=how)
    return export(Job(Variant("m", format_name, "fp32"), spec, str(root), str(root / "job")), root / "job")


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
def test_what_changes_no_answer_is_left_out(tmp_path: Path, format_name: str) -> None:
    """Also in a layer's own forward and in a branch; seed 1307 of the random models."""
    result = built(tmp_path, "net", format_name)
    assert isinstance(result, Exported), result
    assert SAID in result.export.reasons
    assert (result.export.parity.sqnr_db or 0) > 120
    assert not {name for name in result.export.ops if "grad" in name or "profiler" in name}


def test_a_scripted_layer_of_a_traced_model(tmp_path: Path) -> None:
    result = built(tmp_path, "mixed", "lite", "trace")
    assert isinstance(result, Exported), result
    assert SAID in result.export.reasons
    assert (result.export.parity.sqnr_db or 0) > 120


def test_what_could_change_an_answer_stays_and_is_refused(tmp_path: Path) -> None:
    result = built(tmp_path, "casts", "lite")
    assert isinstance(result, NotExported), result
    assert result.reason == (
        "the lite interpreter has no `with` statement, and the script has one: write forward without it, or set "
        'how = "trace"'
    )


def test_the_full_runtime_needs_no_list_of_operators() -> None:
    class Casts(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.autocast("cpu", enabled=False):
                y = x * 2
            return y

    assert root_operators(torch.jit.script(Casts())) == ()
    assert root_operators(torch.jit.script(torch.nn.ReLU())) == ("aten::relu", "aten::relu_")
