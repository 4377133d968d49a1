"""The wheel for this machine, made of what `make android` built, and what `pocketfit setup` makes of it: the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pocketfit import __version__
from pocketfit.devices.java import own_abi
from pocketfit.process import Finished, finish, run
from pocketfit.runtimes.archives import read_libraries
from tests.integration.conftest import require
from tools.release.places import ROOT
from tools.release.wheel import make_wheels, newest_glibc

ANDROID = ROOT / "build/android"
# What a wheel leaves to `pocketfit setup`: a JVM for another machine's libraries.
LEFT_OUT = "jvm/"
OWN = own_abi()
ABI_OF = re.compile(r"(?:^shim|/jni)/")
MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    require((ANDROID / "runtimes.json").exists(), "the Android side is not built: make android")
    for program in ("mvn", "npm", "readelf"):
        require(shutil.which(program), f"{program} is not on PATH")
    return make_wheels(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(wheels: list[Path]) -> Path:
    return next(path for path in wheels if path.stem.endswith(platform.machine()))


@pytest.fixture(scope="module")
def package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that has this Pocketfit alone."""
    folder = tmp_path_factory.mktemp("packages")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def caches(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder of caches in which it is set up for this machine."""
    folder = tmp_path_factory.mktemp("caches")
    done = pocketfit(package, folder, "setup", "--yes")
    assert done.code == 0, done.stderr
    return folder


def pocketfit(package: Path, caches: Path, *words: str) -> Finished:
    """Run what the wheel has, elsewhere than in the checkout; torch is the checkout's."""
    settings = {"PYTHONPATH": str(package), "XDG_CACHE_HOME": str(caches)}
    env = {name: value for name, value in os.environ.items() if name != "POCKETFIT_ANDROID"} | settings
    return finish([sys.executable, "-m", "pocketfit", *words], timeout=300, cwd=caches, env=env)


def hashes(folder: Path) -> Mapping[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_it_is_for_the_machines_that_its_libraries_run_on(wheel: Path, package: Path) -> None:
    needed = newest_glibc(
        run("readelf", "-V", "-W", *(package / f"pocketfit/android/shim/{OWN}").iterdir(), timeout=60)
    )
    tag = f"py3-none-manylinux_{needed[0]}_{needed[1]}_{platform.machine()}"
    assert wheel.name == f"pocketfit-{__version__}-{tag}.whl"
    assert f"Tag: {tag}\n" in next(package.glob("*.dist-info/WHEEL")).read_text()


def test_it_has_what_is_small_and_names_the_rest(wheel: Path, package: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES
    built, inside = hashes(ANDROID), hashes(package / "pocketfit/android")
    libraries = read_libraries(package / "pocketfit/android/libraries.json")
    named = {member.path: member.sha256 for archive in libraries.archives for member in archive.files}
    del inside["libraries.json"]
    if OWN == "x86_64":
        assert (
            inside.pop("fetch_jvm.py") == hashlib.sha256((ROOT / "src/android/jvm/fetch.py").read_bytes()).hexdigest()
        )
    assert not inside.keys() & named.keys()
    assert inside | named == {name: digest for name, digest in built.items() if not name.startswith(LEFT_OUT)}
    assert {Path(name).suffix for name in named} == {".so"}
    assert "shim/x86_64/libc.so" in inside or platform.machine() != "x86_64"


@pytest.mark.skipif(OWN != "x86_64", reason="an arm64 machine has no compiler for others")
def test_the_one_for_arm64_comes_of_the_same_build(wheels: list[Path], package: Path) -> None:
    (other,) = (path for path in wheels if path.stem.endswith("_aarch64"))
    with zipfile.ZipFile(other) as opened:
        inside = {info.filename: opened.read(info) for info in opened.infolist()}
    android = {name.removeprefix("pocketfit/android/") for name in inside if name.startswith("pocketfit/android/")}
    own = set(hashes(package / "pocketfit/android"))
    assert own - android == {"fetch_jvm.py", "qemu/work.so"} | {name for name in own if name.startswith("shim/x86_64/")}
    assert android < own
    assert json.loads(inside["pocketfit/android/runtimes.json"])["desktop_abi"] == "arm64-v8a"
    libraries = (package / "pocketfit/android/libraries.json").read_bytes()
    assert inside["pocketfit/android/libraries.json"] == libraries
    # The same layer that tests run under QEMU.
    layer = (ANDROID / "shim/arm64-v8a/libc.so").read_bytes()
    assert inside["pocketfit/android/shim/arm64-v8a/libc.so"] == layer


def test_before_it_is_set_up_it_says_how(package: Path, tmp_path: Path) -> None:
    sentence = (
        f"the Android runtime is not set up, {tmp_path}/pocketfit/android/{__version__}/runtimes.json is missing: run "
        "`pocketfit setup`"
    )
    file = ROOT / "tests/data/executorch-1.3.1/sin.pte"
    done = pocketfit(package, tmp_path, "smoke", "--device", "jvm", "--shape", "1,4", str(file))
    assert (done.code, done.stderr) == (3, f"error: device jvm can't be used: {sentence}\n")
    assert sentence in pocketfit(package, tmp_path, "doctor").stdout
    asked = pocketfit(package, tmp_path, "setup")
    assert (asked.code, asked.stderr) == (2, "error: nothing was fetched: nobody can be asked here, so say --yes\n")
    assert list(tmp_path.iterdir()) == []


def test_it_is_set_up_as_it_was_built(package: Path, caches: Path) -> None:
    built = {name: digest for name, digest in hashes(ANDROID).items() if not name.startswith(LEFT_OUT)}
    found = hashes(caches / "pocketfit/android" / __version__)
    assert found == {name: digest for name, digest in built.items() if not ABI_OF.search(name) or f"/{OWN}/" in name}
    again = pocketfit(package, caches, "setup")
    assert (again.code, again.stderr) == (0, "")
    there = f"the Android side for {OWN} is there: {caches}/pocketfit/android/{__version__}"
    assert again.stdout.splitlines()[0] == there


def test_files_run_on_it(package: Path, caches: Path) -> None:
    for name, shape in (("torch-1.13.ptl", "1,3,16,16"), ("executorch-1.3.1/sin.pte", "1,4")):
        done = pocketfit(package, caches, "smoke", "--device", "jvm", "--shape", shape, str(ROOT / "tests/data" / name))
        assert done.code == 0, done.stderr + done.stdout
        assert ") passed" in done.stdout


def test_further_abis_are_fetched_too(package: Path, caches: Path) -> None:
    abis = sorted({path.name for path in ANDROID.glob("*/jni/*")} - {OWN})
    done = pocketfit(package, caches, "setup", "--yes", *(word for abi in abis for word in ("--abi", abi)))
    assert done.code == 0, done.stderr
    built = {name: digest for name, digest in hashes(ANDROID).items() if not name.startswith(LEFT_OUT)}
    found = hashes(caches / "pocketfit/android" / __version__)
    assert {name: digest for name, digest in found.items() if not name.startswith(LEFT_OUT)} == built


@pytest.mark.skipif(OWN != "x86_64", reason="an arm64 machine emulates nothing")
def test_a_phones_libraries_run_on_a_jvm_that_it_puts_together(package: Path, caches: Path) -> None:
    for program in ("apt-get", "jlink", "qemu-aarch64"):
        require(shutil.which(program), f"{program} is not on PATH")
    # Which it was asked for above.
    file = ROOT / "tests/data/torch-1.13.ptl"
    words = ("--device", "jvm", "--abi", "arm64-v8a", "--shape", "1,3,16,16")
    done = pocketfit(package, caches, "smoke", *words, str(file))
    assert done.code == 0, done.stderr + done.stdout
    assert ") passed" in done.stdout
