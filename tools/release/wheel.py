"""The wheel for one kind of machine: the package with the Android side as it was built here, but for the libraries."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from pocketfit.errors import ConfigError
from pocketfit.installed import LIBRARIES_FILE, PREBUILT
from pocketfit.process import run
from pocketfit.runtimes.archives import Libraries, to_plain
from tools.release.prebuilt import ANDROID, contents, find_libraries, read_android

BUILD_TIMEOUT_S = 600
READELF_TIMEOUT_S = 60
SOURCES = ("pyproject.toml", "README.md", "LICENSE")
# What pip calls a machine whose Android libraries run as they are.
MACHINES = {"x86_64": "x86_64", "arm64-v8a": "aarch64"}
# Before it, a tag by the version of glibc is not known to every pip.
OLDEST_GLIBC = (2, 17)


def make_wheel(root: Path, out: Path) -> Path:
    """Build it into the folder `out`; raises ConfigError where build/android is not what a wheel can be made of."""
    android = root / ANDROID
    told = read_android(android)
    places = (path.relative_to(android).as_posix() for path in android.rglob("*") if path.is_file())
    found = contents(places, told["desktop_abi"])
    libraries = find_libraries(root, found.libraries, told)
    platform = platform_tag((android / place for place in found.small if place.endswith(".so")), told["desktop_abi"])
    with TemporaryDirectory() as folder:
        _stage(root, Path(folder), found.small, libraries, platform)
        return build(Path(folder), out)


def build(source: Path, out: Path) -> Path:
    """Build the wheel of a source tree into `out`, in place of one of the same name."""
    with TemporaryDirectory() as folder:
        words = ("--no-deps", "--no-build-isolation", "--wheel-dir", folder)
        run(sys.executable, "-m", "pip", "wheel", "--quiet", *words, source, timeout=BUILD_TIMEOUT_S)
        (made,) = Path(folder).glob("*.whl")
        return Path(shutil.copy(made, out))


def platform_tag(libraries: Iterable[Path], desktop_abi: str) -> str:
    """Return the tag of machines that these libraries run on: as old a glibc as their newest symbol allows."""
    said = run("readelf", "--version-info", "--wide", *libraries, timeout=READELF_TIMEOUT_S)
    major, minor = max(newest_glibc(said), OLDEST_GLIBC)
    return f"manylinux_{major}_{minor}_{MACHINES[desktop_abi]}"


def newest_glibc(said: str) -> tuple[int, int]:
    """Return the newest glibc that readelf says symbols are of; raises ConfigError where it names none."""
    found = [(int(major), int(minor)) for major, minor in re.findall(r"\bGLIBC_(\d+)\.(\d+)", said)]
    if not found:
        raise ConfigError("readelf names no version of glibc: is build/android of this machine?")
    return max(found)


def _stage(root: Path, folder: Path, small: Iterable[str], libraries: Libraries, platform: str) -> None:
    """Put together the tree that the wheel is built of."""
    for name in SOURCES:
        shutil.copyfile(root / name, folder / name)
    without = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(root / "src/pocketfit", folder / "src/pocketfit", ignore=without)
    data = folder / "src/pocketfit" / PREBUILT.name
    for place in small:
        (data / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / ANDROID / place, data / place)
    (data / LIBRARIES_FILE).write_text(json.dumps(to_plain(libraries), indent=1) + "\n", encoding="utf-8")
    (folder / "setup.cfg").write_text(f"[bdist_wheel]\nplat_name = {platform}\n", encoding="utf-8")
