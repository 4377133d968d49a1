from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from pocketfit.builds.progress import read_stage, telling
from pocketfit.job import STAGE_FILE


def test_it_tells_what_a_slow_child_is_at(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pocketfit")
    (tmp_path / STAGE_FILE).write_text("lowering\na hint")
    with telling("head net/executorch/fp32", tmp_path, every_s=0.05):
        deadline = time.monotonic() + 20
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.01)
    assert caplog.messages[0] == "head net/executorch/fp32: lowering, 0 s"


def test_it_is_quiet_about_a_quick_child(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pocketfit")
    with telling("head net/lite/fp32", tmp_path):
        (tmp_path / STAGE_FILE).write_text("saving")
    assert caplog.messages == []


def test_a_stage_and_its_hint(tmp_path: Path) -> None:
    (tmp_path / STAGE_FILE).write_text("lowering\nit unrolls loops")
    assert read_stage(tmp_path) == ("lowering", "it unrolls loops")


def test_no_stage_yet(tmp_path: Path) -> None:
    assert read_stage(tmp_path) == ("starting", "")


def test_a_hostile_stage(tmp_path: Path) -> None:
    """Not more than one line of it, no control characters, and never through a link."""
    (tmp_path / STAGE_FILE).write_bytes(b"a\r::error::b\x1b[2J\nhint")
    assert read_stage(tmp_path)[0] == "a ::error::b [2J"
    (tmp_path / STAGE_FILE).write_text("x" * 10_000)
    assert read_stage(tmp_path) == ("starting", "")
    (tmp_path / STAGE_FILE).unlink()
    (tmp_path / STAGE_FILE).symlink_to("/etc/passwd")
    assert read_stage(tmp_path) == ("starting", "")
