"""How archives are asked for, and what is said where a client has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pocketfit.commands.setup.fetching import COPY, check, fetch, what_it_said
from pocketfit.errors import EnvironmentProblem
from tests.unit.commands.setup.conftest import LITE, NPM, Installation

ROOT = Path(__file__).parents[4]


def test_each_client_fetches_its_own(installation: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for client, name in (("mvn", LITE), ("npm", NPM)):
        file = fetch(client, name, folder)  # type: ignore[arg-type]
        assert file.parent == folder
        assert file.read_bytes() == (installation.registry / file.name).read_bytes()


def test_what_a_client_has_not(installation: Installation, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        fetch("mvn", "org.x:gone:1:aar", tmp_path)
    assert str(caught.value) == "mvn can't fetch org.x:gone:1:aar: Could not find artifact org.x:gone:1:aar in here"
    with pytest.raises(EnvironmentProblem) as caught:
        fetch("npm", "gone@1", tmp_path)
    assert str(caught.value) == "npm can't fetch gone@1: 404 Not Found - GET gone@1"


def test_a_client_that_is_gone(installation: Installation, tmp_path: Path) -> None:
    (installation.programs / "npm").unlink()
    with pytest.raises(EnvironmentProblem, match=r"^npm can't be started: apt-get install npm$"):
        fetch("npm", NPM, tmp_path)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("", "it printed nothing"),
        ("Killed\n\n", "Killed"),
        ("npm ERR! code ENOTFOUND\nnpm ERR! errno 5\nnpm ERR! network request failed\n", "network request failed"),
        ("[ERROR] Unknown lifecycle phase\n[ERROR] \n", "Unknown lifecycle phase"),
    ],
)
def test_the_first_line_that_says_why(output: str, said: str) -> None:
    assert what_it_said(output) == said


def test_another_file_is_refused(installation: Installation) -> None:
    lite = installation.libraries.archives[0]
    file = installation.registry / lite.file_name
    check(lite, file)
    file.write_bytes(b"another")
    with pytest.raises(EnvironmentProblem) as caught:
        check(lite, file)
    assert str(caught.value) == (
        "pytorch_android_lite-1.12.2.aar is not the file that this Pocketfit is made for: its SHA-256 is "
        f"ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5, not {lite.sha256}: "
        "remove it from mvn's cache, or ask who keeps your mirror"
    )
    with pytest.raises(EnvironmentProblem, match=r": remove it from /here, or ask who keeps your mirror$"):
        check(lite, file, Path("/here"))


def test_the_plugin_is_the_one_that_the_build_uses() -> None:
    pom = (ROOT / "src/android/pom.xml").read_text()
    built_with = re.search(r"<artifactId>maven-dependency-plugin</artifactId>\s*<version>([\d.]+)</version>", pom)
    assert built_with
    assert COPY.split(":")[2] == built_with[1]
