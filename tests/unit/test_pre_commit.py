"""The hook that .pre-commit-hooks.yaml offers is a command that there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pocketfit.cli.listing import COMMANDS

ROOT = Path(__file__).parents[2]
HOOK = dict(re.findall(r"^(?:- |  )(\w+): (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE))


def test_the_hook_runs_a_command_that_is_installed_with_the_package() -> None:
    program, command = HOOK["entry"].split()
    assert program in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert command in COMMANDS
    assert (HOOK["id"], HOOK["language"], HOOK["pass_filenames"]) == ("pocketfit-check", "python", "false")


def test_the_page_names_it() -> None:
    assert f"- id: {HOOK['id']}" in (ROOT / "docs/configuration.md").read_text()


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        *(("pocketfit.toml", True), ("apps/android/pocketfit.toml", True), ("pyproject.toml", True)),
        *(("models/net.py", True), ("weights/net.pth", True)),
        *(("my-pocketfit.toml", False), ("README.md", False), ("net.pyc", False)),
    ],
)
def test_the_files_that_it_is_run_for(file: str, wanted: bool) -> None:
    assert bool(re.search(HOOK["files"], file)) == wanted
