"""What setup says it will take, what it refuses, and what it leaves out."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from pocketfit import installed
from pocketfit.commands.setup import announced, missing_beside, of_no_use, plan
from pocketfit.errors import ConfigError, EnvironmentProblem
from tests.unit.commands.setup.conftest import FBJNI, LITE, NPM, Installation


def test_what_it_takes_and_where(installation: Installation) -> None:
    made = plan()
    lite, fbjni, npm = (archive.size_bytes for archive in made.archives)
    assert made.folder == installation.folder
    assert sorted(made.ours) == ["desktop/pocketfit.jar", "executorch/desktop/engine.jar"]
    assert made.files_bytes == len(b"oursenginelite libraryc++fbjniexecutorch")
    assert made.needed_bytes == made.files_bytes + max(lite, fbjni, npm)
    assert list(announced(made)) == [
        "the Android side takes",
        f"  {LITE}  {lite} B, by mvn",
        f"  {FBJNI}           {fbjni} B, by mvn",
        f"  {NPM}                {npm} B, by npm",
        f"{lite + fbjni + npm} B to fetch, 40 B on disk in {installation.folder}",
    ]


def test_archives_that_lie_here_are_not_fetched(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("mvn", "npm"):
        (installation.programs / program).unlink()
    made = plan(installation.registry)
    assert (made.fetched, made.without) == ((), "")
    assert list(announced(made))[-1] == f"0 B to fetch, 40 B on disk in {installation.folder}"
    assert list(announced(made))[1].endswith(f"B, from {installation.registry}")


def test_without_maven_nothing_is_to_be_had(installation: Installation) -> None:
    (installation.programs / "mvn").unlink()
    with pytest.raises(EnvironmentProblem) as caught:
        plan()
    assert str(caught.value) == "mvn is not on PATH, and fetches Android's libraries: apt-get install maven"


def test_without_npm_the_rest_is(installation: Installation) -> None:
    (installation.programs / "npm").unlink()
    made = plan()
    assert [archive.name for archive in made.archives] == [LITE]
    assert list(made.ours) == ["desktop/pocketfit.jar"]
    assert list(json.loads(made.runtimes)["runtimes"]) == ["lite"]
    assert list(announced(made))[2] == (
        "without ExecuTorch's Android runtime, so that a .pte is tried on the host alone: npm is not on PATH (apt-get "
        "install npm, then `pocketfit setup` again)"
    )


def test_without_npm_older_versions_go_too(installation: Installation) -> None:
    told = json.loads((installation.prebuilt / "runtimes.json").read_text())
    told["older"] = {"1.0": {"artifact": "react-native-executorch", "version": "0.7.3"}}
    (installation.prebuilt / "runtimes.json").write_text(json.dumps(told))
    npm = installation.libraries.archives[2]
    older = replace(
        npm,
        name="react-native-executorch@0.7.3",
        files=tuple(replace(one, path=one.path.replace("executorch/", "executorch-1.0/", 1)) for one in npm.files),
    )
    installation.write(replace(installation.libraries, archives=(*installation.libraries.archives, older)))
    assert "older" in json.loads(plan().runtimes)
    (installation.programs / "npm").unlink()
    assert "older" not in json.loads(plan().runtimes)


def test_a_checkout_builds_it(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "CHECKOUT", Path(__file__).parents[4])
    with pytest.raises(
        EnvironmentProblem, match=r"is for a Pocketfit from a wheel .*: run `make android` in Pocketfit's"
    ):
        plan()


def test_a_wheel_for_any_machine_has_nothing_to_set_up(installation: Installation) -> None:
    (installation.prebuilt / "libraries.json").unlink()
    with pytest.raises(
        EnvironmentProblem, match=r"from a wheel for this kind of machine: clone Pocketfit's repository"
    ):
        plan()


def test_another_folder_that_is_named(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCKETFIT_ANDROID", "/elsewhere")
    with pytest.raises(ConfigError) as caught:
        plan()
    assert str(caught.value) == "POCKETFIT_ANDROID names /elsewhere, so nothing else would be used: unset it"


def test_a_folder_of_archives_that_is_none(installation: Installation, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(tmp_path / "gone")
    assert str(caught.value) == f"--archives {tmp_path}/gone: there is no such folder"


def test_a_damaged_installation(installation: Installation) -> None:
    (installation.prebuilt / "libraries.json").write_text("{}")
    with pytest.raises(EnvironmentProblem) as caught:
        plan()
    assert str(caught.value) == f"{installation.prebuilt}/libraries.json can't be read: install Pocketfit again"


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
    monkeypatch.setattr("pocketfit.commands.setup.planned.version", lambda name: "2.12.1")
    assert list(missing_beside()) == []

    def gone(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("pocketfit.commands.setup.planned.version", gone)
    (installation.programs / "java").unlink()
    assert list(missing_beside()) == [
        "still missing: java is not on PATH: apt-get install default-jre-headless",
        'still missing: torch is not installed here: pip install "pocketfit[torch]"',
    ]
