"""What `pocketfit setup` will fetch, and where it will put what; nothing is touched here."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pocketfit import installed
from pocketfit.commands.setup import phone_jvm
from pocketfit.commands.setup.fetching import CLIENTS
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.formats import listed
from pocketfit.installed import JVM_PROGRAM, LIBRARIES_FILE, can_set_up, how_to_get_android
from pocketfit.records import PHONE_ABI
from pocketfit.runtimes.archives import Archive, read_libraries
from pocketfit.runtimes.library import RUNTIMES_FILE, set_up_folder


@dataclass(frozen=True)
class Plan:
    """`ours` are the wheel's own files by their places in `folder`, and `runtimes` is what its runtimes.json will say.

    `archives` have the files for `abis` alone, and `others` says what each further ABI would take, in bytes. `given` is
    a folder whose archives need not be fetched. With `jvm` a JVM for a phone's libraries is put together too. `without`
    says what is left out, and why.
    """

    folder: Path
    abis: tuple[str, ...]
    archives: tuple[Archive, ...]
    ours: dict[str, Path]
    runtimes: str
    others: Mapping[str, int] = field(default_factory=dict)
    given: Path | None = None
    jvm: bool = False
    without: tuple[str, ...] = ()

    def given_file(self, archive: Archive) -> Path | None:
        file = self.given / archive.file_name if self.given else None
        return file if file and file.is_file() else None

    @property
    def fetched(self) -> tuple[Archive, ...]:
        return tuple(archive for archive in self.archives if self.given_file(archive) is None)

    @property
    def files_bytes(self) -> int:
        """What all of it takes on disk, when it is there."""
        ours = sum(path.stat().st_size for path in self.ours.values()) + (phone_jvm.KEPT_BYTES if self.jvm else 0)
        return ours + sum(member.size_bytes for archive in self.archives for member in archive.files)

    @property
    def needed_bytes(self) -> int:
        """What it takes at the most while it is made: an archive goes when its files are out."""
        scratch = (archive.size_bytes for archive in self.fetched)
        return self.files_bytes + max((phone_jvm.SCRATCH_BYTES if self.jvm else 0, *scratch))


def plan(given: Path | None = None, abis: Sequence[str] = ()) -> Plan:
    """Look at what this installation has and lacks, for this machine's ABI, `abis`, and those that are there already.

    Raises EnvironmentProblem, with the next step, where there is nothing to set up or nothing to fetch it with, and
    ConfigError where POCKETFIT_ANDROID names another folder, `given` is none, or there are no libraries for an ABI.
    """
    if not can_set_up():
        raise EnvironmentProblem(
            f"`pocketfit setup` is for a Pocketfit from a wheel for this kind of machine: {how_to_get_android()}"
        )
    if named := os.environ.get("POCKETFIT_ANDROID"):
        raise ConfigError(f"POCKETFIT_ANDROID names {named}, so nothing else would be used: unset it")
    if given and not given.is_dir():
        raise ConfigError(f"--archives {given}: there is no such folder")
    prebuilt, folder = installed.PREBUILT, set_up_folder()
    archives = read_libraries(prebuilt / LIBRARIES_FILE).archives
    runtimes = (prebuilt / RUNTIMES_FILE).read_text(encoding="utf-8")
    sizes = sizes_by_abi(archives)
    if unknown := [abi for abi in abis if abi not in sizes]:
        raise ConfigError(f"--abi {unknown[0]}: there are libraries for {listed(tuple(sorted(sizes)), 'and')}")
    there = {path.name for path in folder.glob("*/jni/*")}
    wanted = {json.loads(runtimes)["desktop_abi"], *abis, *(there & set(sizes))}
    parts = (archive.only(lambda member: member.abi in wanted) for archive in archives)
    made = Plan(
        folder, tuple(sorted(wanted)), tuple(part for part in parts if part.files), _ours(prebuilt, wanted), runtimes,
        {abi: size for abi, size in sorted(sizes.items()) if abi not in wanted}, given,
    )  # fmt: skip
    missing = {archive.client for archive in made.fetched if not shutil.which(archive.client)}
    if "mvn" in missing:
        raise EnvironmentProblem(
            f"mvn is not on PATH, and fetches Android's libraries: apt-get install {CLIENTS['mvn'].package}"
        )
    if missing:
        made = without_npm(made)
    if PHONE_ABI not in wanted or not (prebuilt / JVM_PROGRAM).is_file():
        return made
    if reason := phone_jvm.why_not():
        return replace(made, without=(*made.without, reason))
    return replace(made, jvm=True)


def sizes_by_abi(archives: Iterable[Archive]) -> Counter[str]:
    """What the libraries for each ABI take on disk, in bytes."""
    sizes: Counter[str] = Counter()
    for archive in archives:
        for member in archive.files:
            sizes[member.abi] += member.size_bytes
    return sizes


def without_npm(made: Plan) -> Plan:
    """The plan without what npm alone has: ExecuTorch's libraries, and what would run them."""
    parts = {member.part for archive in made.fetched if archive.client == "npm" for member in archive.files}
    archives = (archive.only(lambda member: member.part not in parts) for archive in made.archives)
    ours = {place: path for place, path in made.ours.items() if place.partition("/")[0] not in parts}
    told = json.loads(made.runtimes)
    told["runtimes"] = {name: library for name, library in told["runtimes"].items() if name not in parts}
    older = {name: library for name, library in told.pop("older", {}).items() if f"executorch-{name}" not in parts}
    runtimes = json.dumps(told | ({"older": older} if older else {}), indent=2) + "\n"
    without = (
        "without ExecuTorch's Android runtime, so that a .pte is tried on the host alone: npm is not on PATH "
        f"(apt-get install {CLIENTS['npm'].package}, then `pocketfit setup` again)"
    )
    kept = tuple(archive for archive in archives if archive.files)
    return replace(made, archives=kept, ours=ours, runtimes=runtimes, without=(without,))


def _ours(prebuilt: Path, abis: Iterable[str]) -> dict[str, Path]:
    files = sorted(path for path in prebuilt.rglob("*") if path.is_file())
    places = {path.relative_to(prebuilt).as_posix(): path for path in files}
    return {
        place: path
        for place, path in places.items()
        if place not in (LIBRARIES_FILE, RUNTIMES_FILE, JVM_PROGRAM)
        and (not place.startswith("shim/") or place.split("/")[1] in abis)
    }
