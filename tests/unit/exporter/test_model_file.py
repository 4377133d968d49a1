from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pocketfit.exporter.model_file import ModelFile, is_beyond_doubt, may_settle
from pocketfit.exporter.state.eager import Habits
from pocketfit.exporter.state.held import Changed
from pocketfit.exporter.verify import Verifier
from pocketfit.judge.outputs import Judged
from pocketfit.records import Limits, OutputParity, Parity

BUFFER = (Changed("past", "buffer"),)


def verifier(precision: str = "fp32", habits: Habits | None = None, **limits: float) -> Verifier:
    return Verifier(((), ()), Limits(**limits), precision, habits=habits)


def judged(*sqnr_db: float | None, problem: str = "", degenerate: str | None = None) -> Judged:
    outputs = tuple(OutputParity(f"[{place}]", sqnr_db=one, degenerate=degenerate) for place, one in enumerate(sqnr_db))
    return Judged(Parity(outputs=outputs), problem)


@pytest.mark.parametrize(
    ("verify", "least_db"),
    [
        # A step of fp32 must leave 75 dB, whatever less is asked for; of int8 10 dB.
        (verifier(), 90.0),
        (verifier(min_sqnr_db=20.0), 90.0),
        (verifier(min_sqnr_db=100.0), 115.0),
        (verifier("int8"), 25.0),
        (verifier("int8-dynamic", min_sqnr_db=30.0), 45.0),
    ],
)
def test_a_file_leaves_no_doubt_far_above_what_any_step_is_held_to(verify: Verifier, least_db: float) -> None:
    assert is_beyond_doubt(verify, judged(least_db, 400.0))
    assert not is_beyond_doubt(verify, judged(least_db - 0.1, 400.0))


def test_what_has_no_score_leaves_doubt() -> None:
    assert not is_beyond_doubt(verifier(), judged())
    assert not is_beyond_doubt(verifier(), judged(120.0, None))
    assert not is_beyond_doubt(verifier(), judged(120.0, degenerate="is all zeros"))
    assert not is_beyond_doubt(verifier(), judged(120.0, problem="a value of inputs was baked in"))


def test_a_model_that_does_more_than_answer_has_each_step_looked_at() -> None:
    assert may_settle(verifier())
    assert not may_settle(verifier(habits=Habits(changed=BUFFER)))
    assert not may_settle(verifier(habits=Habits(remembers=True)))
    assert not may_settle(verifier(habits=Habits(written=(0,))))
    assert not may_settle(verifier(max_abs_diff=1e-3))


class Writing:
    """Writes what a module is; a file of `unreadable` can't be loaded, one of `unsaved` not be made."""

    name = "lite"

    def __init__(self) -> None:
        self.did: list[str] = []

    def save(self, optimized: Any, path: Path) -> int:
        self.did.append(f"save {optimized.module}")
        path.write_text(optimized.module)
        if optimized.module == "unsaved":
            raise RuntimeError("can't be saved")
        return 7

    def load(self, path: Path) -> Any:
        self.did.append(f"load {path.read_text()}")
        if path.read_text() == "unreadable":
            raise RuntimeError("can't be loaded")
        return path.read_text()


def file_in(folder: Path, sqnr_db: float = 120.0) -> tuple[ModelFile, Writing, list[str]]:
    verify: Any = verifier()
    verify.measure = lambda _run: judged(sqnr_db)
    builder: Any = Writing()
    stages: list[str] = []
    return ModelFile(builder, folder / "net.ptl", verify, stages.append), builder, stages


def of(module: str) -> Any:
    return SimpleNamespace(module=module)


def test_a_file_that_settles_is_written_and_run_once(tmp_path: Path) -> None:
    file, builder, stages = file_in(tmp_path)
    made = of("right")
    assert file.settles("tracing", made)
    file.make(made)
    assert file.compare()[1] == judged(120.0)
    assert file.dropped_debug_bytes == 7
    assert builder.did == ["save right", "load right"]
    assert [stage.split(" on ")[0] for stage in stages] == ["saving net.ptl", "running net.ptl"]


def test_one_that_leaves_doubt_is_used_if_each_step_to_it_is_right(tmp_path: Path) -> None:
    file, builder, stages = file_in(tmp_path, 89.0)
    made = of("inexact")
    assert not file.settles("tracing", made)
    assert stages[-1] == "tracing"
    file.make(made)
    file.compare()
    assert builder.did == ["save inexact", "load inexact"]


def test_another_takes_its_place_if_a_step_is_left_out(tmp_path: Path) -> None:
    file, builder, _ = file_in(tmp_path, 60.0)
    assert not file.settles("tracing", of("wrong"))
    file.make(of("without a step"))
    file.compare()
    assert builder.did == ["save wrong", "load wrong", "save without a step", "load without a step"]
    assert file.path.read_text() == "without a step"


@pytest.mark.parametrize(("module", "said"), [("unsaved", "can't be saved"), ("unreadable", "can't be loaded")])
def test_what_raises_leaves_nothing_and_raises_again_where_it_is_told_of(
    tmp_path: Path, module: str, said: str
) -> None:
    file, _, stages = file_in(tmp_path)
    made = of(module)
    assert not file.settles("tracing", made)
    assert stages[-1] == "tracing"
    assert not file.path.exists()

    def told_of() -> None:
        file.make(made)
        file.compare()

    with pytest.raises(RuntimeError, match=f"^{said}$"):
        told_of()
