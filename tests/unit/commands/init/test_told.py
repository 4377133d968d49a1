from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.commands.init.checking import Checked
from pocketfit.commands.init.told import beginning, ending
from pocketfit.commands.init.writing import Written, plan
from pocketfit.records import Built, Export, Failed, Parity, Skipped, Variant
from tests.repositories import WAKEWORD, write_repository

LITE = Variant("KeywordSpotter", "lite", "fp32")
EXECUTORCH = Variant("KeywordSpotter", "executorch", "fp32")
BUILT = Built(LITE, "a.ptl", 100_680, 90_000, "", Export(1, {}, (), (), (), Parity()))
FILES = ("pocketfit.toml", ".github/workflows/pocketfit.yml")


def said(
    folder: Path, checked: Checked | None, files: tuple[str, ...] = FILES, kept: tuple[str, ...] = ()
) -> list[str]:
    written = Written(plan(write_repository(folder, WAKEWORD)), files, (), kept)
    return [*beginning(written), *ending(written, checked)]


def test_all_that_builds(tmp_path: Path) -> None:
    assert said(tmp_path, Checked((BUILT, Skipped(EXECUTORCH, "no runtime")))) == [
        "wrote pocketfit.toml",
        "wrote .github/workflows/pocketfit.yml",
        "  KeywordSpotter: wakeword/model.py:KeywordSpotter",
        "note: seen too, and left out as parts or unused: LogMel, ConvBlock, StatsPool",
        "✓ KeywordSpotter/lite/fp32 builds: 100.68 kB",
        "- KeywordSpotter/executorch/fp32 is skipped: no runtime",
        "next: `pocketfit run --base none` for a first report, "
        "then commit pocketfit.toml and .github/workflows/pocketfit.yml",
    ]


def test_a_failure_names_the_line_to_change(tmp_path: Path) -> None:
    assert said(tmp_path, Checked((Failed(LITE, "mat1 and mat2 do not fit"),)))[-2:] == [
        "✗ KeywordSpotter/lite/fp32 fails: mat1 and mat2 do not fit",
        "next: mend what KeywordSpotter says above (its inputs: pocketfit.toml:7), then `pocketfit run --base none`",
    ]


def test_a_machine_that_can_build_nothing(tmp_path: Path) -> None:
    assert said(tmp_path, Checked(problem="torch is not installed here"))[-2] == (
        "not built: torch is not installed here"
    )


def test_files_of_the_users_own(tmp_path: Path) -> None:
    assert said(tmp_path, None, (), FILES[:1])[0] == "kept pocketfit.toml, which is yours: --force overwrites it"


@pytest.mark.parametrize(
    ("checked", "code"),
    [
        (Checked((BUILT, Skipped(EXECUTORCH, "no runtime"))), 0),
        (Checked((BUILT, Failed(EXECUTORCH, "no kernel"))), 4),
        (Checked((Failed(LITE, "mat1 and mat2 do not fit"),)), 4),
        # What the configuration has no more.
        (Checked((BUILT, Failed(Variant("KeywordSpotter", "torchscript", "fp32"), "no kernel"))), 0),
        (Checked(problem="torch is not installed here", code=3), 3),
    ],
)
def test_the_exit_code_is_what_a_run_would_end_with(tmp_path: Path, checked: Checked, code: int) -> None:
    written = Written(plan(write_repository(tmp_path, WAKEWORD)), FILES, (), ())
    assert checked.exit_code(written) == code
