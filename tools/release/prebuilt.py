"""What a wheel for one kind of machine has of build/android, and where the rest is had: libraries.json."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

from pocketfit import __version__
from pocketfit.commands.setup.fetching import fetch
from pocketfit.commands.setup.setting_up import members
from pocketfit.errors import ConfigError
from pocketfit.formats import FORMATS
from pocketfit.runtimes.archives import Archive, Client, Libraries, Member
from pocketfit.runtimes.library import RUNTIMES_FILE

ANDROID = "build/android"
POM = "src/android/pom.xml"
CHECKSUMS = "src/android/checksums.properties"
# Android's libraries, which are had from their archives.
LIBRARIES = re.compile(r"[\w.-]+/jni/[\w-]+/[\w+.-]+\.so")
# What is small: ours, and the few classes that it is linked with.
SMALL = r"(?:[\w.-]+/)?desktop/[\w.-]+\.jar|(?:executorch/)?runner\.jar|notices/[\w.-]+\.txt|runtimes\.json"
LAYER = r"[\w+.-]+\.so"
# By the ABI that a wheel's machines run as it is. Others than arm64 emulate that, and QEMU counts.
OF_MACHINES = {"x86_64": rf"shim/(?:x86_64|arm64-v8a)/{LAYER}|qemu/work\.so", "arm64-v8a": rf"shim/arm64-v8a/{LAYER}"}
# Of no use on this kind of machine, and the JVM for arm64, 41 MB, which `pocketfit setup` puts together.
LEFT_OUT = rf"jvm/.*|shim/[\w-]+/{LAYER}|qemu/work\.so"
GROUPS: Mapping[str, str] = {
    "pytorch_android_lite": "org.pytorch",
    "pytorch_android": "org.pytorch",
    "executorch-android": "org.pytorch",
}
FBJNI = "com.facebook.fbjni:fbjni"
POM_FBJNI = "{*}properties/{*}executorch.fbjni.version"


@dataclass(frozen=True)
class Contents:
    """The places of files in build/android: `small` ones that a wheel has, and `libraries`."""

    small: tuple[str, ...]
    libraries: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """A library as it was built: what its archive's file must be."""

    size_bytes: int
    sha256: str


def contents(places: Iterable[str], abi: str) -> Contents:
    """Sort the files of build/android for the wheel for machines of an ABI.

    Raises ConfigError for one that nobody knows where to have from.
    """
    small, libraries = [], []
    ours = re.compile(rf"{SMALL}|{OF_MACHINES[abi]}")
    left_out = re.compile(LEFT_OUT)
    for place in sorted(places):
        if LIBRARIES.fullmatch(place):
            libraries.append(place)
        elif ours.fullmatch(place):
            small.append(place)
        elif not left_out.fullmatch(place):
            raise ConfigError(f"{ANDROID}/{place} is neither small and ours nor a library of an archive's")
    return Contents(tuple(small), tuple(libraries))


def archives_of(told: Mapping[str, Any], fbjni: str) -> list[tuple[Client, str]]:
    """Return the archives that runtimes.json's libraries are from, with that of ExecuTorch's fbjni; Maven's first.

    What two archives have is then had without npm, which not everybody has.
    """
    found: list[tuple[Client, str]] = []
    for one in (*told["runtimes"].values(), *told.get("older", {}).values()):
        if group := GROUPS.get(one["artifact"]):
            found.append(("mvn", f"{group}:{one['artifact']}:{one['version']}:aar"))
        else:
            found.append(("npm", f"{one['artifact']}@{one['version']}"))
    if "executorch" in told["runtimes"]:
        found.append(("mvn", f"{FBJNI}:{fbjni}:aar"))
    return sorted(found, key=lambda one: one[0])


def read_android(android: Path) -> dict[str, Any]:
    """Return what runtimes.json says; raises ConfigError where it is missing, another version's or incomplete."""
    path = android / RUNTIMES_FILE
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing: run `make android`") from error
    if told["pocketfit"] != __version__:
        raise ConfigError(f"{path} is of Pocketfit {told['pocketfit']}, not {__version__}: run `make -B android`")
    if missing := {facts.runtime for facts in FORMATS.values()} - set(told["runtimes"]):
        raise ConfigError(
            f"{path} lacks the runtime {min(missing)}, which users would miss: see what `make android` said"
        )
    return told


def find_libraries(root: Path, places: Iterable[str], told: Mapping[str, Any]) -> Libraries:
    """Find each library in an archive that Maven or npm has, by its hash; raises ConfigError where one is in none."""
    fbjni = ElementTree.parse(root / POM).findtext(POM_FBJNI) or ""
    pinned = read_pinned((root / CHECKSUMS).read_text(encoding="utf-8"))
    wanted = {place: _known(root / ANDROID / place) for place in places}
    found = []
    with TemporaryDirectory() as folder:
        for client, name in archives_of(told, fbjni):
            file = fetch(client, name, Path(folder))
            check_pinned(file, pinned)
            files = matched(wanted, _libraries_in(file))
            wanted = {place: known for place, known in wanted.items() if place not in {each.path for each in files}}
            known = _known(file)
            found.append(Archive(client, name, known.size_bytes, known.sha256, files))
            file.unlink()
    if wanted:
        raise ConfigError(f"{ANDROID}/{min(wanted)} is in none of its archives: run `make -B android`")
    return Libraries(__version__, tuple(found))


def matched(wanted: Mapping[str, Known], inside: Mapping[str, Known]) -> tuple[Member, ...]:
    """Return which of the wanted files an archive has, by their bytes."""
    names = {known: name for name, known in sorted(inside.items(), reverse=True)}
    return tuple(
        Member(names[known], place, known.size_bytes, known.sha256) for place, known in wanted.items() if known in names
    )


def _libraries_in(file: Path) -> dict[str, Known]:
    found = {}
    for name, stream in members(file):
        if name.endswith(".so"):
            content = stream.read()
            found[name] = Known(len(content), hashlib.sha256(content).hexdigest())
    return found


def _known(path: Path) -> Known:
    with path.open("rb") as stream:
        return Known(path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())


def read_pinned(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.partition("=")[::2] for line in lines)


def check_pinned(file: Path, pinned: Mapping[str, str]) -> None:
    """Hold an archive to the hash that a person looked up; one without a line is as its registry has it."""
    expected = pinned.get(file.name)
    if expected is None:
        return
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256" if len(expected) == 64 else "sha512").hexdigest()
    if found != expected:
        raise ConfigError(f"{file.name} is not the file that {CHECKSUMS} names: its hash is {found}, not {expected}")
