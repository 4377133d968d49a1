from __future__ import annotations

from pathlib import Path

import pytest

from standin.faults import Faults, parse


def test_words_from_a_command_line_or_a_file() -> None:
    assert parse("never-boot, drop-push=1000:once\nnoise:once") == {
        "never-boot": "",
        "drop-push": "1000:once",
        "noise": ":once",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("explode", "no fault 'explode': use one of never-boot, "),
        ("kill-app", "fault kill-app needs a number: kill-app=S"),
        ("drop-push=many", "fault drop-push needs a number: drop-push=BYTES"),
    ],
)
def test_what_it_does_not_know(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_once_is_forgotten_and_always_is_not(tmp_path: Path) -> None:
    faults = Faults(tmp_path / "faults")
    assert not faults.on("noise")
    faults.write(parse("noise:once hang-app kill-app=2:once"))
    assert faults.number("kill-app") == 2
    for name in ("noise", "hang-app", "kill-app"):
        assert faults.on(name)
        faults.used(name)
    assert faults.read() == {"hang-app": ""}


def test_a_disk_fills_up(tmp_path: Path) -> None:
    faults = Faults(tmp_path / "faults")
    faults.write(parse("disk-full=100:once noise"))
    faults.lower("disk-full", 60)
    assert faults.read() == {"disk-full": "40:once", "noise": ""}
