"""How Java is started for an ABI, with emulators that are shell scripts."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pocketfit.devices import java
from pocketfit.records import DEFAULT_CPU, Library
from pocketfit.runtimes.library import AndroidSide

HELP = "usage: qemu-aarch64\n-cpu   QEMU_CPU\n-plugin   QEMU_PLUGIN   [file=]<file>[,<argname>=<argvalue>]"
CPUS = "Available CPUs:\n  cortex-a57\n  cortex-a76\n  max\n  pxa255"
Emulator = Callable[..., Path]


@pytest.fixture
def android(tmp_path: Path) -> AndroidSide:
    """With both layers, and a JVM for arm64."""
    folder = tmp_path / "android"
    for name in ("shim/x86_64", "shim/arm64-v8a", "jvm/arm64-v8a"):
        (folder / name).mkdir(parents=True)
    (folder / "shim/arm64-v8a/guard.so").touch()
    return AndroidSide(folder, "x86_64", {"lite": Library("pytorch_android_lite", "1.12.2")})


@pytest.fixture(autouse=True)
def x86_64(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    asked = (java.emulator_version, java.emulated_cpus, java.takes_plugins)
    for one in asked:
        one.cache_clear()
    yield
    for one in asked:
        one.cache_clear()


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    def install(version: str = "7.2.22", said: str = HELP) -> Path:
        program = tmp_path / "bin" / "qemu-aarch64"
        program.parent.mkdir()
        program.write_text(
            f"#!/bin/sh\ncase $1 in\n--version) echo 'qemu-aarch64 version {version} (Debian)';;\n"
            f"--help) echo '{said}';;\n-cpu) echo '{CPUS}';;\nesac\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=":")
        return program

    return install


def test_the_machines_own_abi_needs_no_emulator(android: AndroidSide) -> None:
    launch = java.launch(android, "lite", "x86_64", DEFAULT_CPU)

    assert launch.argv == ("java",)
    assert launch.environment == {"LD_LIBRARY_PATH": f"{android.folder}/lite/jni/x86_64"}
    assert launch.cpu is None


def test_a_phones_abi_is_emulated_with_its_own_java(android: AndroidSide, emulator: Emulator) -> None:
    program, folder = emulator(), android.folder
    launch = java.launch(android, "lite", "arm64-v8a", "cortex-a57", ("-plugin", "count.so"))

    assert launch.argv == (
        str(program),
        *("-L", f"{folder}/jvm/arm64-v8a", "-cpu", "cortex-a57", "-plugin", "count.so"),
        *("-E", f"LD_LIBRARY_PATH={folder}/jvm/arm64-v8a/lib:{folder}/lite/jni/arm64-v8a"),
        *("-E", f"LD_PRELOAD={folder}/shim/arm64-v8a/guard.so"),
        *(f"{folder}/jvm/arm64-v8a/java/bin/java", "-Xint"),
    )
    # The emulator is a program of this machine: it must not meet the other's libraries.
    assert launch.environment == {}
    assert launch.readable == (str(program), f"{folder}/jvm/arm64-v8a")
    assert launch.cpu == "cortex-a57"


def test_a_machine_of_a_phones_abi_runs_it_as_it_is(android: AndroidSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    launch = java.launch(android, "lite", "arm64-v8a", DEFAULT_CPU)

    assert launch.argv == ("java",)
    assert launch.environment == {
        "LD_LIBRARY_PATH": f"{android.folder}/lite/jni/arm64-v8a",
        "LD_PRELOAD": f"{android.folder}/shim/arm64-v8a/guard.so",
    }
    assert java.unavailable(android, "x86_64", DEFAULT_CPU) == (
        "its Android libraries are x86_64's, and this machine is aarch64: use another device"
    )


def test_all_that_it_needs_is_there(android: AndroidSide, emulator: Emulator) -> None:
    emulator()
    assert java.unavailable(android, "arm64-v8a", "cortex-a76") is None
    assert java.takes_plugins()
    assert java.describe_cpu("cortex-a76") == "cortex-a76, emulated by QEMU 7.2.22"


def test_what_was_not_built(android: AndroidSide, emulator: Emulator) -> None:
    emulator()
    (android.folder / "jvm/arm64-v8a").rmdir()
    assert java.unavailable(android, "arm64-v8a", DEFAULT_CPU) == (
        "arm64-v8a: the Android side was built without a JVM for it: run `make -B android`, which says why"
    )
    (android.folder / "shim/arm64-v8a/guard.so").unlink()
    (android.folder / "shim/arm64-v8a").rmdir()
    assert java.unavailable(android, "arm64-v8a", DEFAULT_CPU) == (
        "arm64-v8a: the Android side was built without it: install gcc-aarch64-linux-gnu and libc6-dev-arm64-cross, "
        "and run `make -B android`"
    )


def test_no_emulator(android: AndroidSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert java.unavailable(android, "arm64-v8a", DEFAULT_CPU) == (
        "arm64-v8a: qemu-aarch64 is not on PATH: apt-get install qemu-user"
    )
    assert not java.takes_plugins()


def test_a_core_that_computes_int8_wrongly_is_refused(android: AndroidSide, emulator: Emulator) -> None:
    emulator()
    assert java.unavailable(android, "arm64-v8a", "max") == (
        'cpu = "max" is refused with QEMU 7.2.22, which computes int8 wrongly for it (right from 10.0): '
        'use cpu = "cortex-a76"'
    )


def test_and_taken_where_it_is_right(android: AndroidSide, emulator: Emulator) -> None:
    emulator("10.0.2", said="usage: qemu-aarch64")
    assert java.unavailable(android, "arm64-v8a", "max") is None
    assert not java.takes_plugins()


def test_a_core_that_the_emulator_lacks(android: AndroidSide, emulator: Emulator) -> None:
    emulator()
    assert java.unavailable(android, "arm64-v8a", "cortex-a55") == (
        'QEMU 7.2.22 has no cpu "cortex-a55": use one of cortex-a57, cortex-a76'
    )


def test_a_path_that_the_emulator_would_cut(android: AndroidSide, emulator: Emulator, tmp_path: Path) -> None:
    emulator()
    moved = AndroidSide(android.folder.rename(tmp_path / "a,b"), "x86_64", android.runtimes)
    assert java.unavailable(moved, "arm64-v8a", DEFAULT_CPU) == (
        f"arm64-v8a: the emulator takes no path with a comma: move {tmp_path}/a,b"
    )
