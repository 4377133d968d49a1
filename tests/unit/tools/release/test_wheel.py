"""The tag of a wheel is what its libraries need, no less."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocketfit import __version__
from pocketfit.errors import ConfigError
from pocketfit.runtimes.archives import Libraries
from tools.release import wheel
from tools.release.places import ROOT
from tools.release.wheel import newest_glibc, on_this_machine

SAID = """
Version needs section '.gnu.version_r' contains 2 entries:
  0x0000: Version: 1  File: libm.so.6  Cnt: 2
  0x0010:   Name: GLIBC_2.29  Flags: none  Version: 17
  0x0020:   Name: GLIBC_2.2.5  Flags: none  Version: 2
  0x0030: Version: 1  File: libc.so.6  Cnt: 1
  0x0040:   Name: GLIBC_2.4  Flags: none  Version: 3
"""


def test_the_newest_glibc_counts_as_numbers() -> None:
    assert newest_glibc(SAID) == (2, 29)
    assert newest_glibc("Name: GLIBC_2.9 Name: GLIBC_2.35") == (2, 35)


def test_what_is_emulated_says_nothing_of_the_machine() -> None:
    places = ["desktop/pocketfit.jar", "qemu/work.so", "shim/arm64-v8a/libc.so", "shim/x86_64/libc.so"]
    assert on_this_machine(places, "x86_64") == ["qemu/work.so", "shim/x86_64/libc.so"]
    assert on_this_machine(places[2:3], "arm64-v8a") == ["shim/arm64-v8a/libc.so"]


def test_a_wheel_for_arm64_made_on_x86_64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    android = tmp_path / "android"
    (android / "shim/arm64-v8a").mkdir(parents=True)
    (android / "shim/arm64-v8a/libc.so").write_bytes(b"layer")
    (android / "runtimes.json").write_text('{\n  "pocketfit": "0.1.0",\n  "desktop_abi": "x86_64"\n}\n')
    monkeypatch.setattr(wheel, "ANDROID", android)
    monkeypatch.setattr(wheel, "run", lambda *words, timeout: SAID)
    places = ["runtimes.json", "shim/arm64-v8a/libc.so"]
    (tmp_path / "tree").mkdir()
    wheel.stage(ROOT, tmp_path / "tree", places, Libraries("0.1.0", ()), "arm64-v8a")
    data = tmp_path / "tree/src/pocketfit/android"
    assert sorted(path.name for path in data.iterdir()) == ["libraries.json", "runtimes.json", "shim"]
    assert (data / "runtimes.json").read_text() == ('{\n  "pocketfit": "0.1.0",\n  "desktop_abi": "arm64-v8a"\n}\n')
    assert (tmp_path / "tree/setup.cfg").read_text() == "[bdist_wheel]\nplat_name = manylinux_2_29_aarch64\n"


def test_without_a_layer_for_phones_no_wheel_is_made(tmp_path: Path) -> None:
    (tmp_path / "build/android").mkdir(parents=True)
    told = {
        "pocketfit": __version__,
        "desktop_abi": "x86_64",
        "runtimes": dict.fromkeys(("lite", "full", "executorch")),
    }
    (tmp_path / "build/android/runtimes.json").write_text(json.dumps(told))
    with pytest.raises(ConfigError) as caught:
        wheel.make_wheels(tmp_path, tmp_path)
    assert str(caught.value) == (
        "build/android has no layer for arm64-v8a, which every wheel has: install gcc-aarch64-linux-gnu and "
        "libc6-dev-arm64-cross, and run `make -B android`"
    )


def test_libraries_of_no_glibc() -> None:
    with pytest.raises(ConfigError) as caught:
        newest_glibc("No version information found in this file.")
    assert str(caught.value) == "readelf names no version of glibc: is build/android of this machine?"
