from __future__ import annotations

import re
from pathlib import Path

import pytest

from pocketfit import __version__
from pocketfit.commands.init.workflow import packages_for, workflow_text

ROOT = Path(__file__).parents[4]


def test_the_workflow_is_the_one_that_users_copy() -> None:
    example = (ROOT / "examples/workflows/pull-request.yml").read_text()
    assert workflow_text(None).splitlines()[1:] == example.splitlines()[1:]
    # The tag's name until there is a release, then its commit (tools/release/examples.py).
    assert re.search(
        rf"uses: pocketfit/pocketfit@(v{__version__} |[0-9a-f]{{40}} # v{__version__}$)", example, re.MULTILINE
    )


def test_code_that_needs_nothing_has_nothing_installed(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch==2.0.0\nwandb\n")
    packages = packages_for(tmp_path, ())
    assert (packages.file, packages.text, packages.note) == (None, None, "")


def test_requirements_that_go_together_are_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("timm\ntorch>=2\n")
    packages = packages_for(tmp_path, ("timm",))
    assert (packages.file, packages.text) == ("requirements.txt", None)
    assert packages.note == "the models' code imports timm: requirements.txt has it"


@pytest.mark.parametrize("pin", ["torch==2.3.1", "pydantic < 2", "numpy~=1.26", "torchvision == 0.18"])
def test_pins_of_what_we_bring_are_left_out(tmp_path: Path, pin: str) -> None:
    (tmp_path / "requirements.txt").write_text(
        f"--extra-index-url https://download.pytorch.org/whl/cu121\n{pin}\ntimm  # for the backbone\n"
    )
    packages = packages_for(tmp_path, ("timm",))
    assert packages.file == "requirements-mobile.txt"
    assert packages.text is not None
    assert packages.text.splitlines()[1:] == ["timm  # for the backbone"]
    assert packages.note == (
        f"the models' code imports timm; requirements-mobile.txt has it: requirements.txt asks for {pin}, "
        "and Pocketfit brings its own"
    )


def test_dependencies_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\ndependencies = ["torch==2.3.1", "einops>=0.7"]\n')
    packages = packages_for(tmp_path, ("einops",))
    assert packages.text is not None
    assert packages.text.splitlines()[1:] == ["einops>=0.7"]


@pytest.mark.parametrize("text", ["", "[project]\ndependencies = 3\n", "not toml ["])
def test_packages_that_nothing_asks_for(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    packages = packages_for(tmp_path, ("einops", "timm"))
    assert packages.file == "requirements-mobile.txt"
    assert packages.text is not None
    assert packages.text.splitlines()[1:] == ["# TODO: name the packages that bring einops, timm, one a line"]
    assert packages.note == (
        "the models' code imports einops, timm, which no requirements.txt or pyproject.toml here asks for"
    )
