"""What is said where something is missing: in a checkout, and in an installation from a wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pocketfit import installed

ROOT = Path(__file__).parents[2]


def test_a_checkout_has_make() -> None:
    assert installed.how_to_get_torch() == "run `make setup`"
    assert installed.how_to_get_android().startswith("run `make android` in Pocketfit's repository")


def test_a_wheel_has_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "CHECKOUT", tmp_path)
    assert installed.how_to_get_torch() == 'pip install "pocketfit[torch]"'
    assert installed.how_to_get_android() == (
        "clone Pocketfit's repository, run `make android` in it, and set POCKETFIT_ANDROID to its build/android; "
        "or use the container"
    )


def test_the_extra_is_what_a_checkout_installs() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["torch"]
    pinned = [
        line
        for name in ("torch.txt", "executorch.in")
        for line in (ROOT / "requirements" / name).read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert extra == pinned
