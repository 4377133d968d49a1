"""What is said where something is missing: in a checkout, and in an installation from a wheel."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from pocketfit import installed

ROOT = Path(__file__).parents[2]


def test_a_checkout_has_make(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed.how_to_get_torch() == "run `make setup`"
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    assert installed.without_torch() == "torch is not installed here: run `make setup`"
    monkeypatch.setattr(installed, "find_spec", lambda name: object())
    assert installed.without_torch() is None
    assert installed.how_to_get_android().startswith("run `make android` in Pocketfit's repository")


def test_a_wheel_has_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "CHECKOUT", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert installed.how_to_get_torch() == 'pip install "pocketfit[torch]"'
    assert installed.how_to_get_android() == (
        "clone Pocketfit's repository, run `make android` in it, and set POCKETFIT_ANDROID to its build/android; "
        "or use the container"
    )
    assert installed.android_command() == "`make android`"


def test_a_wheel_for_this_machine_is_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libraries.json").write_text("{}")
    monkeypatch.setattr(installed, "PREBUILT", tmp_path)
    assert installed.how_to_get_android().startswith("run `make android` in Pocketfit's repository")
    monkeypatch.setattr(installed, "CHECKOUT", tmp_path)
    monkeypatch.delenv("POCKETFIT_ANDROID", raising=False)
    assert installed.how_to_get_android() == "run `pocketfit setup`"
    assert installed.android_command() == "`pocketfit setup`"
    monkeypatch.setenv("POCKETFIT_ANDROID", "/elsewhere")
    assert installed.how_to_get_android() == "unset POCKETFIT_ANDROID and run `pocketfit setup`"


@pytest.mark.parametrize(
    ("left", "install"),
    [("uv-receipt.toml", "uv tool install"), ("pipx_metadata.json", "pipx install --force"), ("x", "pip install")],
)
def test_torch_comes_by_who_installed_pocketfit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str, install: str
) -> None:
    monkeypatch.setattr(installed, "CHECKOUT", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    (tmp_path / left).write_text("")
    assert installed.how_to_get_torch() == f'{install} "pocketfit[torch]"'


def test_the_extra_is_what_a_checkout_installs() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["torch"]
    pinned = [
        line
        for name in ("torch.txt", "executorch.in")
        for line in (ROOT / "requirements" / name).read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert extra == pinned
