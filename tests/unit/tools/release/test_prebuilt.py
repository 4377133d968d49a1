"""What of build/android a wheel has, and where the rest is found."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pocketfit import __version__
from pocketfit.errors import ConfigError
from pocketfit.runtimes.archives import Member
from tools.release.places import ROOT
from tools.release.prebuilt import (
    CHECKSUMS,
    POM,
    POM_FBJNI,
    Known,
    archives_of,
    check_pinned,
    contents,
    matched,
    read_android,
    read_pinned,
)

SMALL = [
    "desktop/pocketfit.jar",
    "executorch-1.0/desktop/fbjni.jar",
    "executorch/desktop/engine.jar",
    "executorch/runner.jar",
    "notices/PyTorch.txt",
    "qemu/work.so",
    "runner.jar",
    "runtimes.json",
    "shim/arm64-v8a/guard.so",
    "shim/x86_64/libc.so",
]
LIBRARIES = [
    "executorch-1.0/jni/x86_64/libexecutorch.so",
    "full/jni/armeabi-v7a/libpytorch_jni.so",
    "lite/jni/x86_64/libc++_shared.so",
]
JVM = "jvm/arm64-v8a/java/bin/java"


def test_what_is_small_is_in_the_wheel_and_libraries_are_not() -> None:
    found = contents([JVM, *LIBRARIES, *SMALL], "x86_64")
    assert list(found.small) == SMALL
    assert list(found.libraries) == LIBRARIES


def test_an_arm64_machine_emulates_nothing() -> None:
    found = contents([JVM, *LIBRARIES, *SMALL], "arm64-v8a")
    assert set(SMALL) - set(found.small) == {"qemu/work.so", "shim/x86_64/libc.so"}
    assert list(found.libraries) == LIBRARIES


@pytest.mark.parametrize("place", ["desktop/notes.md", "lite/jni/x86_64/data.bin", "new/thing.so", "shim/x86_64/a.txt"])
def test_a_file_that_nobody_knows(place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        contents([*SMALL, place], "x86_64")
    assert str(caught.value) == f"build/android/{place} is neither small and ours nor a library of an archive's"


NPM = {"artifact": "react-native-executorch", "version": "0.9.3"}
TOLD = {
    "runtimes": {
        "lite": {"artifact": "pytorch_android_lite", "version": "1.12.2"},
        "full": {"artifact": "pytorch_android", "version": "1.13.1"},
    }
}


def test_the_archives_of_what_was_built() -> None:
    lite_and_full = [
        ("mvn", "org.pytorch:pytorch_android_lite:1.12.2:aar"),
        ("mvn", "org.pytorch:pytorch_android:1.13.1:aar"),
    ]
    fbjni = ("mvn", "com.facebook.fbjni:fbjni:0.7.0:aar")
    assert archives_of(TOLD, "0.7.0") == lite_and_full
    official = {**TOLD["runtimes"], "executorch": {"artifact": "executorch-android", "version": "1.3.1"}}
    assert archives_of({"runtimes": official}, "0.7.0") == [
        *lite_and_full,
        ("mvn", "org.pytorch:executorch-android:1.3.1:aar"),
        fbjni,
    ]
    npm = {"runtimes": {**TOLD["runtimes"], "executorch": NPM}, "older": {"1.0": NPM | {"version": "0.7.3"}}}
    assert archives_of(npm, "0.7.0") == [
        *lite_and_full,
        fbjni,
        ("npm", "react-native-executorch@0.9.3"),
        ("npm", "react-native-executorch@0.7.3"),
    ]


def test_a_library_is_known_by_its_bytes() -> None:
    one, other = Known(3, "aa"), Known(3, "bb")
    wanted = {"full/jni/x86/a.so": one, "lite/jni/x86/a.so": one, "lite/jni/x86/b.so": other}
    assert matched(wanted, {"jni/x86/a.so": one, "jni/x86_64/a.so": one, "jni/x86/c.so": Known(4, "aa")}) == (
        Member("jni/x86/a.so", "full/jni/x86/a.so", 3, "aa"),
        Member("jni/x86/a.so", "lite/jni/x86/a.so", 3, "aa"),
    )


def test_the_versions_are_read_where_the_build_reads_them() -> None:
    from xml.etree import ElementTree

    assert ElementTree.parse(ROOT / POM).findtext(POM_FBJNI) == "0.7.0"
    pinned = read_pinned((ROOT / CHECKSUMS).read_text())
    assert {"fbjni-0.7.0.aar", "pytorch_android-1.13.1.aar", "react-native-executorch-0.9.3.tgz"} <= set(pinned)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_an_archive_is_held_to_what_a_person_looked_up(tmp_path: Path, algorithm: str) -> None:
    file = tmp_path / "fbjni-0.7.0.aar"
    file.write_bytes(b"archive")
    pinned = {file.name: hashlib.new(algorithm, b"archive").hexdigest()}
    check_pinned(file, pinned)
    check_pinned(file, {})
    file.write_bytes(b"another")
    with pytest.raises(
        ConfigError, match=r"^fbjni-0\.7\.0\.aar is not the file that src/android/checksums\.properties"
    ):
        check_pinned(file, pinned)


def test_what_was_not_built_or_for_another_version(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_android(tmp_path)
    assert str(caught.value) == f"{tmp_path}/runtimes.json is missing: run `make android`"
    (tmp_path / "runtimes.json").write_text(json.dumps({"pocketfit": "0.0.9"}))
    with pytest.raises(ConfigError) as caught:
        read_android(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/runtimes.json is of Pocketfit 0.0.9, not {__version__}: run `make -B android`"
    )
    (tmp_path / "runtimes.json").write_text(json.dumps(TOLD | {"pocketfit": __version__}))
    with pytest.raises(ConfigError) as caught:
        read_android(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/runtimes.json lacks the runtime executorch, which users would miss: see what `make android` said"
    )
