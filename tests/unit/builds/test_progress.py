from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from pocketfit.builds.progress import pips_step, read_stage, telling
from pocketfit.job import STAGE_FILE
from pocketfit.progress import Progress, observed_by

BEGUN = Progress("build", "head", "net/executorch/fp32", "starting", of=3)


def test_it_tells_what_a_slow_child_is_at(tmp_path: Path) -> None:
    (tmp_path / STAGE_FILE).write_text("lowering\na hint")
    told = threading.Event()
    seen: list[Progress] = []

    def note(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "lowering":
            told.set()

    with observed_by(note), telling(BEGUN, tmp_path, every_s=0.01):
        assert told.wait(60)
    assert seen[0] == BEGUN
    assert (seen[-1].title, seen[-1].of) == ("head net/executorch/fp32", 3)


def test_a_stage_and_its_hint(tmp_path: Path) -> None:
    (tmp_path / STAGE_FILE).write_text("lowering\nit unrolls loops")
    assert read_stage(tmp_path) == ("lowering", "it unrolls loops")


def test_no_stage_yet(tmp_path: Path) -> None:
    assert read_stage(tmp_path) == ("starting", "")
    # It may be read while it is written.
    (tmp_path / STAGE_FILE).write_text("")
    assert read_stage(tmp_path) == ("starting", "")


def test_a_stage_that_is_just_being_written_is_the_one_before(tmp_path: Path) -> None:
    (tmp_path / STAGE_FILE).write_text("lowering")
    seen: list[str] = []
    later = threading.Event()

    def note(progress: Progress) -> None:
        seen.append(progress.stage)
        if progress.stage == "lowering":
            (tmp_path / STAGE_FILE).write_text("")
        if seen.count("lowering") > 2:
            later.set()

    with observed_by(note), telling(BEGUN, tmp_path, every_s=0.01):
        assert later.wait(60)
    assert set(seen) == {"starting", "lowering"}


def test_a_hostile_stage(tmp_path: Path) -> None:
    """Not more than one line of it, no control characters, and never through a link."""
    (tmp_path / STAGE_FILE).write_bytes(b"a\r::error::b\x1b[2J\nhint")
    assert read_stage(tmp_path)[0] == "a ::error::b [2J"
    (tmp_path / STAGE_FILE).write_text("x" * 10_000)
    assert read_stage(tmp_path) == ("starting", "")
    (tmp_path / STAGE_FILE).unlink()
    (tmp_path / STAGE_FILE).symlink_to("/etc/passwd")
    assert read_stage(tmp_path) == ("starting", "")


# As pip 23.2.1 and 25 write it, shortened.
PIP_LOG = """\
2026-11-26T18:00:01,100 Using pip 25.3 from /somewhere (python 3.11)
2026-11-26T18:00:01,200 Non-user install by explicit request
2026-11-26T18:00:02,300 Collecting torchaudio (from -r requirements-mobile.txt (line 1))
2026-11-26T18:00:02,400   Link requires a different Python (3.11.7 not in: '>=3.12'): https://example.org/x.whl
"""


def test_what_pip_is_at(tmp_path: Path) -> None:
    log = tmp_path / "pip.log"
    assert pips_step(log) == "pip is starting"
    log.write_text("2026-11-26T18:00:01,100 Using pip 25.3\n")
    assert pips_step(log) == "pip is at work"
    log.write_text(PIP_LOG)
    assert pips_step(log) == "pip: Collecting torchaudio (from -r requirements-mobile.txt (line 1))"
    with log.open("a") as more:
        more.write("2026-11-26T18:00:03,000   debug\n" * 10_000)
        more.write("2026-11-26T18:00:09,000   Downloading torchaudio-2.9.0-cp311-cp311-linux_x86_64.whl (1.8 MB)\n")
    assert pips_step(log) == "pip: Downloading torchaudio-2.9.0-cp311-cp311-linux_x86_64.whl (1.8 MB)"


@pytest.mark.parametrize("kind", ["link", "pipe", "second name"])
def test_a_package_that_puts_something_else_there(tmp_path: Path, kind: str) -> None:
    log, secret = tmp_path / "pip.log", tmp_path / "secret"
    secret.write_text("0 Collecting secrets\n")
    {
        "link": lambda: log.symlink_to(secret),
        "pipe": lambda: os.mkfifo(log),
        "second name": lambda: log.hardlink_to(secret),
    }[kind]()
    assert pips_step(log) == "pip is starting"


def test_a_package_that_says_what_a_terminal_obeys(tmp_path: Path) -> None:
    (tmp_path / "pip.log").write_text("0 Collecting \x1b[2J::error::x\n")
    assert pips_step(tmp_path / "pip.log") == "pip: Collecting [2J::error::x"
