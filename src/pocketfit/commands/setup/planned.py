"""What `pocketfit setup` will fetch, and where it will put what; nothing is touched here."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pocketfit import installed
from pocketfit.commands.setup.fetching import CLIENTS
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.installed import LIBRARIES_FILE, can_set_up, how_to_get_android, how_to_get_torch
from pocketfit.runtimes.archives import Archive, read_libraries
from pocketfit.runtimes.library import RUNTIMES_FILE, set_up_folder
from pocketfit.units import format_bytes


@dataclass(frozen=True)
class Plan:
    """`ours` are the wheel's own files by their places in `folder`, and `runtimes` is what its runtimes.json will say.

    `given` is a folder whose archives need not be fetched. `without` says what is left out, and why; empty for nothing.
    """

    folder: Path
    archives: tuple[Archive, ...]
    ours: dict[str, Path]
    runtimes: str
    given: Path | None = None
    without: str = ""

    def given_file(self, archive: Archive) -> Path | None:
        file = self.given / archive.file_name if self.given else None
        return file if file and file.is_file() else None

    @property
    def fetched(self) -> tuple[Archive, ...]:
        return tuple(archive for archive in self.archives if self.given_file(archive) is None)

    @property
    def files_bytes(self) -> int:
        """What all of it takes on disk, when it is there."""
        ours = sum(path.stat().st_size for path in self.ours.values())
        return ours + sum(member.size_bytes for archive in self.archives for member in archive.files)

    @property
    def needed_bytes(self) -> int:
        """What it takes at the most while it is made: an archive goes when its files are out."""
        return self.files_bytes + max((archive.size_bytes for archive in self.fetched), default=0)


def plan(given: Path | None = None) -> Plan:
    """Look at what this installation has and lacks.

    Raises EnvironmentProblem, with the next step, where there is nothing to set up or nothing to fetch it with, and
    ConfigError where POCKETFIT_ANDROID names another folder, or `given` is none.
    """
    if not can_set_up():
        raise EnvironmentProblem(
            f"`pocketfit setup` is for a Pocketfit from a wheel for this kind of machine: {how_to_get_android()}"
        )
    if named := os.environ.get("POCKETFIT_ANDROID"):
        raise ConfigError(f"POCKETFIT_ANDROID names {named}, so nothing else would be used: unset it")
    if given and not given.is_dir():
        raise ConfigError(f"--archives {given}: there is no such folder")
    prebuilt = installed.PREBUILT
    made = Plan(
        set_up_folder(), read_libraries(prebuilt / LIBRARIES_FILE).archives, _ours(prebuilt),
        (prebuilt / RUNTIMES_FILE).read_text(encoding="utf-8"), given,
    )  # fmt: skip
    missing = {archive.client for archive in made.fetched if not shutil.which(archive.client)}
    if "mvn" in missing:
        raise EnvironmentProblem(
            f"mvn is not on PATH, and fetches Android's libraries: apt-get install {CLIENTS['mvn'].package}"
        )
    return without_npm(made) if missing else made


def without_npm(made: Plan) -> Plan:
    """The plan without what npm alone has: ExecuTorch's libraries, and what would run them."""
    parts = {member.part for archive in made.fetched if archive.client == "npm" for member in archive.files}
    archives = []
    for archive in made.archives:
        kept = tuple(member for member in archive.files if member.part not in parts)
        if kept:
            archives.append(Archive(archive.client, archive.name, archive.size_bytes, archive.sha256, kept))
    ours = {place: path for place, path in made.ours.items() if place.partition("/")[0] not in parts}
    told = json.loads(made.runtimes)
    told["runtimes"] = {name: library for name, library in told["runtimes"].items() if name not in parts}
    older = {name: library for name, library in told.pop("older", {}).items() if f"executorch-{name}" not in parts}
    runtimes = json.dumps(told | ({"older": older} if older else {}), indent=2) + "\n"
    without = (
        "without ExecuTorch's Android runtime, so that a .pte is tried on the host alone: npm is not on PATH "
        f"(apt-get install {CLIENTS['npm'].package}, then `pocketfit setup` again)"
    )
    return Plan(made.folder, tuple(archives), ours, runtimes, made.given, without)


def announced(made: Plan) -> Iterator[str]:
    """What it will take, a line each."""
    yield "the Android side takes"
    width = max(len(archive.name) for archive in made.archives)
    for archive in made.archives:
        by = f"from {made.given}" if made.given_file(archive) else f"by {archive.client}"
        yield f"  {archive.name:<{width}}  {format_bytes(archive.size_bytes)}, {by}"
    if made.without:
        yield made.without
    fetched = format_bytes(sum(archive.size_bytes for archive in made.fetched))
    yield f"{fetched} to fetch, {format_bytes(made.files_bytes)} on disk in {made.folder}"


def of_no_use(made: Plan) -> Iterator[str]:
    """The folders that other versions left beside this one's, a line each."""
    for folder in sorted(made.folder.parent.iterdir()):
        if (folder / RUNTIMES_FILE).is_file() and folder != made.folder:
            yield f"of another version, and of no use to this one: {folder}"


def missing_beside() -> Iterator[str]:
    """What else a run needs and this machine lacks, each with how it is had."""
    if not shutil.which("java"):
        yield "still missing: java is not on PATH: apt-get install default-jre-headless"
    try:
        version("torch")
    except PackageNotFoundError:
        yield f"still missing: torch is not installed here: {how_to_get_torch()}"


def _ours(prebuilt: Path) -> dict[str, Path]:
    files = sorted(path for path in prebuilt.rglob("*") if path.is_file())
    places = {path.relative_to(prebuilt).as_posix(): path for path in files}
    return {place: path for place, path in places.items() if place not in (LIBRARIES_FILE, RUNTIMES_FILE)}
