"""A program of the name adb, first on PATH, that does what a test tells it: quoting and exit codes are real."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FakeAdb = Callable[[str], Path]


@pytest.fixture
def fake_adb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeAdb:
    """`fake_adb(script)` returns the file that each call's words are written to."""

    def install(script: str) -> Path:
        program, calls = tmp_path / "bin" / "adb", tmp_path / "calls"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n{script}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=":")
        return calls

    return install
