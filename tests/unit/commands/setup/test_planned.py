"""What setup will take, what it refuses, and what it leaves out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit import installed
from pocketfit.commands.setup import announced, plan
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.units import format_bytes
from tests.unit.commands.setup.conftest import FBJNI, LITE, NPM, Installation


def test_what_it_takes_and_where(installation: Installation) -> None:
    made = plan()
    lite, fbjni, npm = (archive.size_bytes for archive in made.archives)
    assert made.folder == installation.folder
    assert sorted(made.ours) == ["desktop/pocketfit.jar", "executorch/desktop/engine.jar"]
    assert made.files_bytes == len(b"oursenginelite libraryc++fbjniexecutorch")
    assert made.needed_bytes == made.files_bytes + max(lite, fbjni, npm)
    assert list(announced(made)) == [
        "the Android side for x86_64 takes",
        f"  {LITE}  {lite} B, by mvn",
        f"  {FBJNI}           {fbjni} B, by mvn",
        f"  {NPM}                {npm} B, by npm",
        f"{format_bytes(lite + fbjni + npm)} to fetch (and to keep, in mvn's and npm's own caches), 40 B on disk in "
        f"{installation.folder}",
        "left out, as phones and other emulators have them: --abi arm64-v8a (31 B on disk), --abi x86 (22 B on disk)",
    ]


def test_further_abis_are_asked_for(installation: Installation) -> None:
    made = plan(abis=["arm64-v8a"])
    assert made.abis == ("arm64-v8a", "x86_64")
    assert made.files_bytes == plan().files_bytes + 31
    said = list(announced(made))
    assert said[0] == "the Android side for arm64-v8a and x86_64 takes"
    assert said[-1] == "left out, as phones and other emulators have them: --abi x86 (22 B on disk)"
    assert list(announced(plan(abis=["arm64-v8a", "x86"])))[-1].endswith(f", 93 B on disk in {installation.folder}")
    with pytest.raises(ConfigError) as caught:
        plan(abis=["arm64"])
    assert str(caught.value) == "--abi arm64: there are libraries for arm64-v8a, x86 and x86_64"


def test_an_abi_that_is_there_stays(installation: Installation) -> None:
    for abi in ("arm64-v8a", "mips"):
        (installation.folder / "lite/jni" / abi).mkdir(parents=True)
    assert plan().abis == ("arm64-v8a", "x86_64")


def test_archives_that_lie_here_are_not_fetched(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("mvn", "npm"):
        (installation.programs / program).unlink()
    made = plan(installation.registry)
    assert (made.fetched, made.without) == ((), ())
    assert list(announced(made))[-2] == f"0 B to fetch, 40 B on disk in {installation.folder}"
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
