"""Makes the Android side's folder, whole or not at all: under a name of its own, and renamed when all is there."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from pocketfit.commands.setup import phone_jvm
from pocketfit.commands.setup.fetching import CHUNK_BYTES, check, fetch
from pocketfit.commands.setup.planned import Plan
from pocketfit.errors import EnvironmentProblem
from pocketfit.files.given import FOLDER_FLAGS
from pocketfit.files.owner import make_folder
from pocketfit.files.removal import remove_tree
from pocketfit.records import PHONE_ABI
from pocketfit.runtimes.archives import Archive, Member
from pocketfit.runtimes.library import RUNTIMES_FILE
from pocketfit.units import format_bytes

Say = Callable[[str], None]
PARTIAL_PREFIX = "partial-"


def is_there(plan: Plan) -> bool:
    """Return whether the folder holds all of it already: our files as they are here, the libraries by their sizes."""
    members = (member for archive in plan.archives for member in archive.files)
    try:
        return (
            (plan.folder / RUNTIMES_FILE).read_text(encoding="utf-8") == plan.runtimes
            and all((plan.folder / place).read_bytes() == path.read_bytes() for place, path in plan.ours.items())
            and all((plan.folder / member.path).stat().st_size == member.size_bytes for member in members)
            and (not plan.jvm or phone_jvm.is_there(plan.folder))
        )
    except (OSError, UnicodeError):
        return False


def set_up(plan: Plan, say: Say) -> None:
    """Fetch, check and unpack it, and put it in its place.

    What an earlier one that was killed left goes; what ends this one leaves the folder as it was. Raises
    EnvironmentProblem.
    """
    try:
        with _alone(plan.folder.parent) as beside:
            _check_room(plan, beside)
            made = Path(tempfile.mkdtemp(prefix=PARTIAL_PREFIX, dir=beside))
            try:
                _fill(plan, made, say)
                _move(made, plan.folder)
            finally:
                if made.exists():
                    remove_tree(made)
    except OSError as error:
        where = error.filename or plan.folder
        raise EnvironmentProblem(f"{where} can't be written: {error.strerror or error}; nothing was set up") from error


def _fill(plan: Plan, made: Path, say: Say) -> None:
    # Models' processes, of other users, read the libraries.
    made.chmod(0o755)
    for place, path in plan.ours.items():
        (made / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, made / place)
    for archive in plan.archives:
        with tempfile.TemporaryDirectory(prefix="archive-", dir=made) as folder:
            file = plan.given_file(archive)
            if file is None:
                say(f"fetching {archive.name}, {format_bytes(archive.size_bytes)}")
                file = fetch(archive.client, archive.name, Path(folder))
            check(archive, file, plan.given if plan.given_file(archive) else None)
            unpack(archive, file, made)
    if plan.jvm:
        say(f"fetching a JVM for {PHONE_ABI}, up to {phone_jvm.FETCHED_BYTES // 1_000_000} MB")
        if reason := phone_jvm.put_together(made):
            say(reason)
    (made / RUNTIMES_FILE).write_text(plan.runtimes, encoding="utf-8")


def unpack(archive: Archive, file: Path, folder: Path) -> None:
    """Take an archive's files out to their places in a folder; raises EnvironmentProblem, OSError."""
    wanted: dict[str, list[Member]] = {}
    for member in archive.files:
        wanted.setdefault(member.name, []).append(member)
    for name, stream in members(file, set(wanted)):
        # Several runtimes have the same file of an archive.
        first, *others = wanted.pop(name)
        _write(first, stream, folder)
        for member in others:
            (folder / member.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / first.path, folder / member.path)
    if wanted:
        raise EnvironmentProblem(f"{archive.file_name} has no {min(wanted)}: install Pocketfit again")


def members(file: Path, wanted: set[str] | None = None) -> Iterator[tuple[str, IO[bytes]]]:
    """The files of a zip or a tar, opened one after the other: those of these names, else all."""
    if file.suffix == ".tgz":
        with tarfile.open(file, "r|gz") as tar:
            for entry in tar:
                if entry.isfile() and (wanted is None or entry.name in wanted):
                    stream = tar.extractfile(entry)
                    assert stream is not None
                    yield entry.name, stream
        return
    with zipfile.ZipFile(file) as opened:
        for info in opened.infolist():
            if not info.is_dir() and (wanted is None or info.filename in wanted):
                with opened.open(info) as stream:
                    yield info.filename, stream


def _write(member: Member, stream: IO[bytes], folder: Path) -> None:
    path, digest, size_bytes = folder / member.path, hashlib.sha256(), 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
            out.write(chunk)
    if (size_bytes, digest.hexdigest()) != (member.size_bytes, member.sha256):
        raise EnvironmentProblem(
            f"{member.name} is not the file that this Pocketfit is made for: its SHA-256 is {digest.hexdigest()}, not "
            f"{member.sha256}: install Pocketfit again"
        )


def _move(made: Path, folder: Path) -> None:
    """Put a whole folder where an older one may be, which goes when the new one is there."""
    old = made.with_name(f"{made.name}-old")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(old)
    made.rename(folder)
    if old.exists():
        remove_tree(old)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """Hold the folder in which versions lie, made where there is none, without what a killed one left in it."""
    make_folder(folder)
    descriptor = os.open(folder, FOLDER_FLAGS)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EnvironmentProblem(f"another `pocketfit setup` works in {folder}: wait for it") from error
        for left in folder.glob(f"{PARTIAL_PREFIX}*"):
            remove_tree(left)
        yield folder
    finally:
        os.close(descriptor)


def _check_room(plan: Plan, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < plan.needed_bytes:
        raise EnvironmentProblem(
            f"{format_bytes(free)} are free in {folder}, and it takes {format_bytes(plan.needed_bytes)}: make room, or "
            "set XDG_CACHE_HOME"
        )
