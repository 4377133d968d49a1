"""What setup says of what is missing beside it, and of no use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit import installed
from pocketfit.commands.setup import missing_beside, of_no_use, plan
from tests.unit.commands.setup.conftest import Installation


def test_what_other_versions_left_is_named(installation: Installation) -> None:
    for name in ("0.0.9", installation.folder.name, "partial-x"):
        (installation.folder.parent / name).mkdir(parents=True)
    assert list(of_no_use(plan())) == []
    for name in ("0.0.9", installation.folder.name):
        (installation.folder.parent / name / "runtimes.json").write_text("{}")
    assert list(of_no_use(plan())) == [
        f"of another version, and of no use to this one: {installation.folder.parent}/0.0.9"
    ]


def test_what_else_is_missing(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "find_spec", lambda name: object())
    made = plan()
    assert list(missing_beside(made)) == []
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    (installation.programs / "java").unlink()
    assert list(missing_beside(replace(made, jvm=True))) == [
        "still missing: java is not on PATH: apt-get install default-jre-headless",
        "still missing: qemu-aarch64 is not on PATH, and runs arm64-v8a here: apt-get install qemu-user",
        'still missing: torch is not installed here: pip install "pocketfit[torch]"',
    ]
