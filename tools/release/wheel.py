"""The wheels for one kind of machine each: the package with the Android side as it was built, but for the libraries."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pocketfit.errors import ConfigError
from pocketfit.installed import JVM_PROGRAM, LIBRARIES_FILE, PREBUILT
from pocketfit.process import run
from pocketfit.records import PHONE_ABI
from pocketfit.runtimes.archives import Libraries, to_plain
from pocketfit.runtimes.library import RUNTIMES_FILE
from tools.release.prebuilt import ANDROID, contents, find_libraries, read_android

BUILD_TIMEOUT_S = 600
READELF_TIMEOUT_S = 60
DESKTOP_ABI = re.compile(r'("desktop_abi": ")[\w-]+(")')
# What puts a JVM for arm64 together: the build's own program, which needs the standard library alone.
JVM_SOURCE = "src/android/jvm/fetch.py"
SOURCES = ("pyproject.toml", "README.md", "LICENSE")
# What pip calls a machine whose Android libraries run as they are.
MACHINES = {"x86_64": "x86_64", "arm64-v8a": "aarch64"}
# Before it, a tag by the version of glibc is not known to every pip.
OLDEST_GLIBC = (2, 17)


def make_wheels(root: Path, out: Path) -> list[Path]:
    """Build into the folder `out` those that can be made here: for x86_64 and aarch64 on an x86_64 machine.

    Raises ConfigError where build/android is not what a wheel can be made of.
    """
    android = root / ANDROID
    told = read_android(android)
    places = [path.relative_to(android).as_posix() for path in android.rglob("*") if path.is_file()]
    if f"shim/{PHONE_ABI}/libc.so" not in places:
        raise ConfigError(
            f"{ANDROID} has no layer for {PHONE_ABI}, which every wheel has: install gcc-aarch64-linux-gnu and "
            "libc6-dev-arm64-cross, and run `make -B android`"
        )
    libraries = find_libraries(root, contents(places, told["desktop_abi"]).libraries, told)
    made = []
    for abi in sorted({told["desktop_abi"], PHONE_ABI}):
        small = contents(places, abi).small
        with TemporaryDirectory() as folder:
            stage(root, Path(folder), small, libraries, abi)
            made.append(build(Path(folder), out))
    return made


def build(source: Path, out: Path) -> Path:
    """Build the wheel of a source tree into `out`, in place of one of the same name."""
    with TemporaryDirectory() as folder:
        words = ("--no-deps", "--no-build-isolation", "--wheel-dir", folder)
        run(sys.executable, "-m", "pip", "wheel", "--quiet", *words, source, timeout=BUILD_TIMEOUT_S)
        (made,) = Path(folder).glob("*.whl")
        return Path(shutil.copy(made, out))


def platform_tag(libraries: Iterable[Path], abi: str) -> str:
    """Return the tag of machines that these libraries run on: as old a glibc as their newest symbol allows."""
    said = run("readelf", "--version-info", "--wide", *libraries, timeout=READELF_TIMEOUT_S)
    major, minor = max(newest_glibc(said), OLDEST_GLIBC)
    return f"manylinux_{major}_{minor}_{MACHINES[abi]}"


def on_this_machine(places: Iterable[str], abi: str) -> list[str]:
    """Return the libraries that run on machines of an ABI themselves, not on what is emulated there."""
    own = (place for place in places if place.startswith(f"shim/{abi}/") or not place.startswith("shim/"))
    return [place for place in own if place.endswith(".so")]


def newest_glibc(said: str) -> tuple[int, int]:
    """Return the newest glibc that readelf says symbols are of; raises ConfigError where it names none."""
    found = [(int(major), int(minor)) for major, minor in re.findall(r"\bGLIBC_(\d+)\.(\d+)", said)]
    if not found:
        raise ConfigError("readelf names no version of glibc: is build/android of this machine?")
    return max(found)


def stage(root: Path, folder: Path, small: Sequence[str], libraries: Libraries, abi: str) -> None:
    """Put together the tree that the wheel for machines of an ABI is built of."""
    for name in SOURCES:
        shutil.copyfile(root / name, folder / name)
    without = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(root / "src/pocketfit", folder / "src/pocketfit", ignore=without)
    data = folder / "src/pocketfit" / PREBUILT.name
    for place in small:
        (data / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / ANDROID / place, data / place)
    told = (data / RUNTIMES_FILE).read_text(encoding="utf-8")
    (data / RUNTIMES_FILE).write_text(DESKTOP_ABI.sub(rf"\g<1>{abi}\g<2>", told), encoding="utf-8")
    if abi != PHONE_ABI:
        shutil.copyfile(root / JVM_SOURCE, data / JVM_PROGRAM)
    platform = platform_tag((data / place for place in on_this_machine(small, abi)), abi)
    (data / LIBRARIES_FILE).write_text(json.dumps(to_plain(libraries), indent=1) + "\n", encoding="utf-8")
    (folder / "setup.cfg").write_text(f"[bdist_wheel]\nplat_name = {platform}\n", encoding="utf-8")
