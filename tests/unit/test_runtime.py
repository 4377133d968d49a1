from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from pocketfit import __version__
from pocketfit.errors import EnvironmentProblem
from pocketfit.runtime import Library, find_android

ROOT = Path(__file__).parents[2]

RUNTIMES = """{
  "pocketfit": "%s",
  "desktop_abi": "x86_64",
  "runtimes": {
    "lite": {"artifact": "pytorch_android_lite", "version": "1.12.2"},
    "full": {"artifact": "pytorch_android", "version": "1.13.1"}
  }
}
"""


@pytest.fixture(autouse=True)
def android(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POCKETFIT_ANDROID", str(tmp_path))
    return tmp_path


def test_a_built_folder(android: Path) -> None:
    (android / "runtimes.json").write_text(RUNTIMES % __version__)

    found = find_android()

    assert found.runtimes == {
        "lite": Library("pytorch_android_lite", "1.12.2"),
        "full": Library("pytorch_android", "1.13.1"),
    }
    assert str(found.runtimes["full"]) == "pytorch_android 1.13.1"
    assert found.libraries("lite", "arm64-v8a") == android / "lite/jni/arm64-v8a"
    assert found.shim == android / "shim/x86_64"
    assert found.desktop_classpath == f"{android}/desktop/*"


def test_not_built(android: Path) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        find_android()
    assert str(caught.value) == (
        f"the Android runtime is not built, {android}/runtimes.json is missing: run `make android` in Pocketfit's "
        "repository, or set POCKETFIT_ANDROID to its build/android"
    )


def test_another_version(android: Path) -> None:
    (android / "runtimes.json").write_text(RUNTIMES % "0.0.9")
    with pytest.raises(EnvironmentProblem, match=r"is of Pocketfit 0\.0\.9, and this is .*`make android`"):
        find_android()


@pytest.mark.parametrize("content", ["", "[]", '{"pocketfit": "0.1.0"}', RUNTIMES.replace("lite", "fat")])
def test_not_what_the_build_writes(android: Path, content: str) -> None:
    (android / "runtimes.json").write_text(content)
    with pytest.raises(EnvironmentProblem, match=r"runtimes\.json can't be read: build it again with `make android`"):
        find_android()


def test_where_a_checkout_builds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from pocketfit.runtime import android_folder

    monkeypatch.delenv("POCKETFIT_ANDROID")
    assert android_folder() == ROOT / "build/android"


def test_both_sides_are_the_same_version() -> None:
    project = ElementTree.parse(ROOT / "src/android/pom.xml").getroot()
    assert project.findtext("{http://maven.apache.org/POM/4.0.0}version") == __version__
