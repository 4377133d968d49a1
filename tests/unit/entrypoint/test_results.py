from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.results import LEAST_SUMMARY_BYTES, Results, give_back, summary
from entrypoint.tell import tell
from entrypoint.workflow_commands import SUMMARY_LIMIT_BYTES
from pocketfit.github.comment import NotPosted
from pocketfit.github.context import Context
from pocketfit.records import Report
from pocketfit.report.markdown import render_markdown
from tests.unit.report.samples import EVERYTHING, TOUCHED

OWNER = 12345


def told(report: Report, folder: Path, before: int) -> tuple[str, str]:
    """The step's summary after `before` bytes that were there, and the log."""
    path, log = folder / "summary", io.StringIO()
    path.write_text("x" * before)
    context = Context("push", "octo/phone", "a" * 40, folder, step_summary=path)
    results = replace(Results.without_report(), report=report)
    tell(context, results, log, lambda: NotPosted("there is no pull request"))
    return path.read_text(), log.getvalue()


@pytest.mark.parametrize("before", [0, SUMMARY_LIMIT_BYTES - LEAST_SUMMARY_BYTES - 1])
def test_a_summary_stays_below_githubs_limit_with_what_was_there(tmp_path: Path, before: int) -> None:
    rows = tuple(replace(TOUCHED, model=f"größer{number}", reasons=("漢" * 400,)) for number in range(900))
    text, log = told(replace(EVERYTHING, rows=rows), tmp_path, before)
    assert 0.7 * SUMMARY_LIMIT_BYTES < len(text.encode()) < SUMMARY_LIMIT_BYTES
    assert " of 900 variants are left out here" in text
    assert log == "no comment: there is no pull request\n"


def test_a_summary_that_is_full_is_said_and_left_alone(tmp_path: Path) -> None:
    before = SUMMARY_LIMIT_BYTES - LEAST_SUMMARY_BYTES
    text, log = told(EVERYTHING, tmp_path, before)
    assert text == "x" * before
    assert log.startswith(
        "::warning title=Pocketfit::this step's summary is full: there is no room left in it for the report\n"
    )


def test_a_report_that_fits_is_whole_in_the_summary(tmp_path: Path) -> None:
    assert told(EVERYTHING, tmp_path, 0)[0] == render_markdown(EVERYTHING)


def test_an_export_of_very_many_files_names_the_first_thousand(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "head"
    folder.mkdir(parents=True)
    for number in range(1002):
        (folder / f"{number:04}{'n' * 250}").touch()
    text = summary(replace(Results.without_report(), artifacts="out"), tmp_path, LEAST_SUMMARY_BYTES)
    assert len(text.encode()) <= LEAST_SUMMARY_BYTES
    assert text.endswith(f"| `0999{'n' * 250}` | 0 |\n| and 2 more | |\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that are somebody else's")
def test_what_root_made_is_given_back(tmp_path: Path) -> None:
    workspace, elsewhere = tmp_path / "workspace", tmp_path / "elsewhere"
    for folder in (workspace / "pocketfit-out/artifacts", workspace / ".git/objects", workspace / "src", elsewhere):
        folder.mkdir(parents=True)
    for file in ("pocketfit-out/report.json", ".git/objects/new", "src/theirs"):
        (workspace / file).touch()
    (elsewhere / "secret").touch()
    (workspace / "pocketfit-out/link").symlink_to(elsewhere)
    (workspace / ".git/kept").touch()
    os.chown(workspace / ".git/kept", 777, 777)
    os.chown(workspace, OWNER, OWNER)

    give_back(workspace, "pocketfit-out")

    owners = {str(path.relative_to(tmp_path)): path.lstat().st_uid for path in sorted(tmp_path.rglob("*"))}
    assert owners == {
        "elsewhere": 0,
        "elsewhere/secret": 0,
        "workspace": OWNER,
        "workspace/.git": OWNER,
        "workspace/.git/kept": 777,
        "workspace/.git/objects": OWNER,
        "workspace/.git/objects/new": OWNER,
        "workspace/pocketfit-out": OWNER,
        "workspace/pocketfit-out/artifacts": OWNER,
        "workspace/pocketfit-out/link": OWNER,
        "workspace/pocketfit-out/report.json": OWNER,
        "workspace/src": 0,
        "workspace/src/theirs": 0,
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives anything back")
def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace/out").symlink_to(tmp_path / "elsewhere")
    os.chown(tmp_path / "workspace", OWNER, OWNER)
    give_back(tmp_path / "workspace", "out")
    assert (tmp_path / "elsewhere").stat().st_uid == 0
