"""Methods that are kept in a file, compared with eager's where there is something to call them with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pocketfit.exporter.builder import BuildOrder
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.state.eager import Eager, Loaded
from pocketfit.exporter.torchscript.methods import compare_methods
from pocketfit.records import Limits, ModelSpec

KEPT = "is kept in the file and was not compared with eager"
INPUTS = (torch.randn(2, 4), torch.tensor([[True, False, True, True]]))


class Codec(nn.Module):
    """Methods with every kind of arguments; `other` answers otherwise in a script."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.register_buffer("calls", torch.zeros(1))

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)

    @torch.jit.export
    def masked(self, keep: torch.Tensor, scale: float = 2.0) -> torch.Tensor:
        return keep.sum() * scale

    @torch.jit.export
    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return codes.abs()

    @torch.jit.export
    def rate(self) -> int:
        return 16000

    @torch.jit.export
    def other(self, x: torch.Tensor) -> torch.Tensor:
        return x * 3 if torch.jit.is_scripting() else x * 2

    @torch.jit.export
    def at_rate(self, x: torch.Tensor, rate: int) -> torch.Tensor:
        return x * rate

    @torch.jit.export
    def reset(self) -> None:
        self.calls.zero_()

    @torch.jit.export
    def looks_up(self, x: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        return nn.functional.embedding(x, self.layer.weight)

    @torch.jit.export
    def noisy(self, x: torch.Tensor) -> torch.Tensor:
        return torch.rand_like(x)

    def forward(self, x: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        return self.encode(x) * keep


def compared(folder: Path, format_name: str, *methods: str, **spec: Any) -> tuple[str, tuple[str, ...]]:
    builder, model, path = BUILDERS[format_name], Codec().eval(), folder / "net"
    order = BuildOrder(model, INPUTS, ModelSpec("net", "x:y", preserve_methods=methods, **spec))
    builder.save(builder.optimize(order, lambda _: None), path)
    return compare_methods(Eager(model), Loaded(lambda: builder.load(path)), INPUTS, methods, (Limits(), "fp32"))


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
def test_methods_with_inputs_of_forwards(tmp_path: Path, format_name: str) -> None:
    methods = ("encode", "masked", "rate")
    assert compared(tmp_path, format_name, *methods, how="script") == ("", ())


@pytest.mark.parametrize("format_name", ["lite", "torchscript"])
def test_a_method_that_answers_otherwise(tmp_path: Path, format_name: str) -> None:
    problem, reasons = compared(tmp_path, format_name, "encode", "other", how="script")
    assert problem.startswith("its method other does not compute what eager's does: SQNR against eager is ")
    assert reasons == ()


NOT_COMPARED = {
    "decode": "it takes others than forward's inputs",
    "at_rate": "it needs more than tensors",
    "reset": "it returns no tensor",
    "noisy": "it answers differently when asked twice",
    "looks_up": "it raises with forward's inputs (RuntimeError: Expected tensor for argument #1 'indices' to have one",
}


@pytest.mark.parametrize("method", NOT_COMPARED)
def test_methods_that_there_are_no_inputs_for(tmp_path: Path, method: str) -> None:
    problem, (reason,) = compared(tmp_path, "lite", method, how="script")
    assert problem == ""
    assert reason.startswith(f"{method} {KEPT}: {NOT_COMPARED[method]}")


def test_a_script_tells_what_its_methods_take(tmp_path: Path) -> None:
    script: Any = torch.jit.script(Codec().eval())
    path = tmp_path / "net"
    torch.jit.save(script, path)
    file = Loaded(lambda: torch.jit.load(path))
    eager = Eager(script)
    how = (Limits(), "fp32")
    assert compare_methods(eager, file, INPUTS, ("encode", "rate", "other", "masked"), how) == ("", ())
    _, (reason,) = compare_methods(eager, file, INPUTS, ("at_rate",), how)
    assert reason == f"at_rate {KEPT}: it needs more than tensors"


def test_a_file_that_keeps_no_methods() -> None:
    eager = Eager(Codec().eval())
    assert compare_methods(eager, Loaded(lambda: lambda *_: None), INPUTS, ("other",), (Limits(), "fp32")) == ("", ())
