from __future__ import annotations

import platform
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pocketfit import __version__, installed
from pocketfit.devices import java
from pocketfit.devices.android.properties import Properties, check_usable
from pocketfit.devices.jvm import JvmDevice
from pocketfit.errors import EnvironmentProblem
from pocketfit.records import DeviceSpec, Library, SmokeInput
from pocketfit.runtimes.library import find_android, library_for

ROOT = Path(__file__).parents[3]

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
    assert found.desktop_classpath("lite") == f"{android}/desktop/*"


WITH_EXECUTORCH = RUNTIMES.replace(
    '"version": "1.13.1"}\n',
    '"version": "1.13.1"},\n    "executorch": {"artifact": "executorch-android", "version": "1.3.1"}\n',
)


def libraries(android: Path, **abis: list[str]) -> None:
    for runtime, names in abis.items():
        for abi in names:
            (android / runtime / "jni" / abi).mkdir(parents=True)


def test_without_executorchs_archive(android: Path) -> None:
    (android / "runtimes.json").write_text(RUNTIMES % __version__)
    libraries(android, lite=["arm64-v8a"], full=["arm64-v8a"])
    found = find_android()
    assert found.of_formats() == {"lite": "pytorch_android_lite 1.12.2", "torchscript": "pytorch_android 1.13.1"}
    assert found.missing("executorch", "arm64-v8a") == "this image has no ExecuTorch Android runtime"
    assert found.missing("lite", "arm64-v8a") is None
    assert found.missing("onnx", "arm64-v8a") == "no Android runtime runs format onnx"


def test_with_executorchs_archive(android: Path) -> None:
    (android / "runtimes.json").write_text(WITH_EXECUTORCH % __version__)
    libraries(android, lite=["arm64-v8a", "x86"], full=["arm64-v8a", "x86"], executorch=["arm64-v8a"])
    (android / "executorch" / "runner.jar").touch()
    found = find_android()
    assert found.of_formats()["executorch"] == "executorch-android 1.3.1"
    assert found.missing("executorch", "arm64-v8a") is None
    assert found.missing("executorch", "x86") == "executorch-android 1.3.1 has no libraries for x86"
    # A device whose ABI ExecuTorch lacks still takes the other formats.
    assert found.abis() == ("arm64-v8a", "x86")
    assert found.program("executorch") == android / "executorch/runner.jar"
    assert found.program("lite") == android / "runner.jar"


SOFTWARE_MANSION = WITH_EXECUTORCH.replace(
    '"executorch-android", "version": "1.3.1"',
    '"react-native-executorch", "version": "0.9.3", "title": "ExecuTorch 1.3, built for Android by Software Mansion"',
)
NAMED = "ExecuTorch 1.3, built for Android by Software Mansion (react-native-executorch 0.9.3)"


def test_a_library_that_is_not_the_official_one_is_named_as_what_it_is(android: Path) -> None:
    (android / "runtimes.json").write_text(SOFTWARE_MANSION % __version__)
    libraries(android, lite=["x86_64"], full=["x86_64"], executorch=["x86_64"])
    with JvmDevice(DeviceSpec(), find_android()).up() as device:
        assert device.info.runtimes["executorch"] == NAMED
    assert str(library_for("executorch")) == NAMED


def test_executorch_has_jars_of_its_own_and_none_for_devices_where_dx_took_no_classes(android: Path) -> None:
    (android / "runtimes.json").write_text(SOFTWARE_MANSION % __version__)
    libraries(android, lite=["arm64-v8a"], full=["arm64-v8a"], executorch=["arm64-v8a"])
    (android / "executorch/desktop").mkdir()
    found = find_android()

    assert found.desktop_classpath("executorch") == f"{android}/executorch/desktop/*"
    assert found.missing("executorch", "arm64-v8a") is None
    assert found.missing_on_devices("executorch", "arm64-v8a") == (
        f"{NAMED} runs on device jvm alone: its Java classes are too new for the program here"
    )
    assert found.missing_on_devices("lite", "arm64-v8a") is None
    (android / "executorch/runner.jar").touch()
    assert found.missing_on_devices("executorch", "arm64-v8a") is None


OLDER = SOFTWARE_MANSION.rstrip().removesuffix("}").rstrip() + (
    ',\n  "older": {"1.0": {"artifact": "react-native-executorch", "version": "0.7.3", "title": "ExecuTorch 1.0"}}\n}\n'
)


def test_an_older_executorch_takes_the_place_of_the_newest(android: Path) -> None:
    (android / "runtimes.json").write_text(OLDER % __version__)
    libraries(android, lite=["x86_64"], full=["x86_64"], executorch=["x86_64"], **{"executorch-1.0": ["x86_64"]})
    (android / "executorch-1.0/desktop").mkdir()
    found = find_android()
    older = found.at("1.0")
    assert older
    assert older.of_formats() == {"executorch": "ExecuTorch 1.0 (react-native-executorch 0.7.3)"}
    assert older.libraries("executorch", "x86_64") == android / "executorch-1.0/jni/x86_64"
    assert older.desktop_classpath("executorch") == f"{android}/executorch-1.0/desktop/*"
    assert older.missing_on_devices("executorch", "x86_64") == (
        "ExecuTorch 1.0 (react-native-executorch 0.7.3) runs on device jvm alone: its Java classes are too new for the "
        "program here"
    )
    assert (older.folder, older.shim, older.abis()) == (android, found.shim, ("x86_64",))
    assert found.at("1.1") is None
    assert older.at("1.0") is None
    assert found.libraries("executorch", "x86_64") == android / "executorch/jni/x86_64"


def test_a_jvm_without_executorchs_library_skips_a_pte(android: Path) -> None:
    (android / "runtimes.json").write_text(RUNTIMES % __version__)
    libraries(android, lite=["x86_64"], full=["x86_64"])
    with JvmDevice(DeviceSpec(), find_android()).up() as device:
        run = device.smoke(SmokeInput("executorch", android / "model.pte", (), android), android)
    assert (run.status, run.reason) == ("skipped", "this image has no ExecuTorch Android runtime")


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
    from pocketfit.runtimes.library import android_folder

    monkeypatch.delenv("POCKETFIT_ANDROID")
    assert android_folder() == ROOT / "build/android"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation from a wheel for this machine; returns where `pocketfit setup` puts what it lacks."""
    monkeypatch.delenv("POCKETFIT_ANDROID")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(installed, "CHECKOUT", tmp_path / "nowhere")
    monkeypatch.setattr(installed, "PREBUILT", tmp_path)
    (tmp_path / "libraries.json").write_text("{}")
    return tmp_path / "caches/pocketfit/android" / __version__


def test_an_installation_that_is_not_set_up(wheel: Path) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        find_android()
    assert str(caught.value) == (
        f"the Android runtime is not set up, {wheel}/runtimes.json is missing: run `pocketfit setup`"
    )


def test_an_installation_that_is_set_up(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel.mkdir(parents=True)
    (wheel / "runtimes.json").write_text(RUNTIMES % __version__)
    assert find_android().folder == wheel
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert java.unavailable(find_android(), "arm64-v8a", "cortex-a76") == (
        "arm64-v8a: run `pocketfit setup --abi arm64-v8a`"
    )
    (wheel / "shim/arm64-v8a").mkdir(parents=True)
    assert java.unavailable(find_android(), "arm64-v8a", "cortex-a76") == (
        "arm64-v8a: there is no JVM for it: run `pocketfit setup --abi arm64-v8a`, which says why"
    )
    (wheel / "runtimes.json").write_text(RUNTIMES % "0.0.9")
    with pytest.raises(EnvironmentProblem, match=r"0\.0\.9, .*: build it again with `pocketfit setup`"):
        find_android()


def test_an_abi_that_was_not_set_up(wheel: Path) -> None:
    wheel.mkdir(parents=True)
    (wheel / "runtimes.json").write_text(SOFTWARE_MANSION % __version__)
    libraries(wheel, lite=["x86_64"], full=["x86_64"], executorch=["x86_64"])
    found = find_android()
    assert found.missing("lite", "x86_64") is None
    assert found.missing("lite", "arm64-v8a") == (
        "the libraries of pytorch_android_lite 1.12.2 for arm64-v8a are not here: run `pocketfit setup --abi arm64-v8a`"
    )
    # Its archive has none.
    assert found.missing("executorch", "x86") == f"{NAMED} has no libraries for x86"
    with pytest.raises(EnvironmentProblem) as caught:
        check_usable(
            Properties(("arm64-v8a", "armeabi-v7a"), "", "15", 35, "Pixel", 4096, 8, None), found, "emulator-5554"
        )
    assert str(caught.value) == (
        "emulator-5554 is arm64-v8a/armeabi-v7a, and there are libraries for x86_64 only: run `pocketfit setup --abi "
        "arm64-v8a`"
    )


def test_an_installation_of_somebody_without_a_home(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(EnvironmentProblem) as caught:
        find_android()
    assert str(caught.value) == (
        "no folder for the Android runtime is known: Could not determine home directory.: set XDG_CACHE_HOME"
    )


def test_both_sides_are_the_same_version() -> None:
    project = ElementTree.parse(ROOT / "src/android/pom.xml").getroot()
    assert project.findtext("{http://maven.apache.org/POM/4.0.0}version") == __version__


def test_the_library_of_a_format(android: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (android / "runtimes.json").write_text(RUNTIMES % __version__)
    assert str(library_for("lite")) == "pytorch_android_lite 1.12.2"
    # Not every build has ExecuTorch's.
    assert library_for("executorch") is None
    assert library_for("onnx") is None
    monkeypatch.setenv("POCKETFIT_ANDROID", str(android / "gone"))
    assert library_for("lite") is None
