"""Why nothing can be counted on a machine, each with its own sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketfit.devices import core, java
from pocketfit.devices.jvm import RunningJvm
from pocketfit.devices.program import Counted
from pocketfit.records import DeviceInfo, Library, SmokeInput
from pocketfit.runtimes.library import AndroidSide
from pocketfit.sandbox.order import DEFAULT_LIMITS

HELP = "usage: qemu-aarch64 [options] program\n-cpu model"


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A qemu-aarch64 that says what stands in a file of its folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "qemu-aarch64"
    program.write_text(f"#!/bin/sh\ncat {folder}/said\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setattr(java, "emulator_version", lambda: (10, 0, 2))
    java.takes_plugins.cache_clear()
    yield folder / "said"
    java.takes_plugins.cache_clear()


def running(folder: Path, emulated_cpu: str | None = "cortex-a76") -> RunningJvm:
    android = AndroidSide(folder, "x86_64", {"lite": Library("pytorch_android_lite", "1.12.2")})
    info = DeviceInfo("jvm", "arm64-v8a", "a core", 1, android.of_formats(), emulated_cpu=emulated_cpu)
    return RunningJvm(info, android, DEFAULT_LIMITS, True, 120)


def test_on_a_machine_of_that_architecture_its_own_core_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    device = running(tmp_path, emulated_cpu=None)
    for said in (None, "this machine's own core can't count: its kernel has no perf_event_open"):
        monkeypatch.setattr(core, "why_uncounted", lambda said=said: said)
        assert device.uncountable() == said


def test_an_emulator_that_takes_no_plugins(emulator: Path, tmp_path: Path) -> None:
    emulator.write_text(HELP)
    assert running(tmp_path).uncountable() == (
        "QEMU 10.0.2 takes no plugins, as static builds do not (Debian 13's): use Debian 12's qemu-user, 7.2"
    )


def test_an_android_side_of_before_is_built_again(emulator: Path, tmp_path: Path) -> None:
    emulator.write_text(f"{HELP}\n-plugin file")
    device = running(tmp_path)
    assert device.uncountable() == "the Android side was built without the plugin that counts: run `make -B android`"
    (tmp_path / "qemu").mkdir()
    (tmp_path / "qemu" / "work.so").touch()
    assert device.uncountable() is None


def test_a_count_that_cannot_be_says_why(emulator: Path, tmp_path: Path) -> None:
    emulator.write_text(HELP)
    given, counted = SmokeInput("lite", tmp_path / "net.ptl", (), tmp_path), Counted(3, left_out=1)
    device = running(tmp_path)
    assert device.count(given, counted, 10) == "pytorch_android_lite 1.12.2 has no libraries for arm64-v8a"
    (tmp_path / "lite" / "jni" / "arm64-v8a").mkdir(parents=True)
    assert device.count(given, counted, 10) == device.uncountable()
