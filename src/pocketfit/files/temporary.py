"""The folder in which a run keeps all that is temporary: gone with the run, or with the next one where it was killed.

Its owner holds a lock on it, which the kernel drops when the owner dies, however it dies: so what nobody owns any more
can be told from what another run is using.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketfit.errors import EnvironmentProblem
from pocketfit.files.given import FOLDER_FLAGS, Opened, opened
from pocketfit.files.removal import remove_tree

RUN_PREFIX = "pocketfit-run-"
# How long what a dead run left running may take to be gone, once it is killed.
END_S = 5.0

_lock = threading.Lock()
# This process's own folder, with the process that made it: a fork must not remove what is its parent's.
_own: list[tuple[int, Path, int]] = []


@contextlib.contextmanager
def temporary_folder(prefix: str, mode: int = 0o700) -> Iterator[Path]:
    """A new folder of ours, removed afterwards with all that is in it, whatever that is. Raises OSError."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=run_folder()))
    try:
        folder.chmod(mode)
        yield folder
    finally:
        with contextlib.suppress(OSError):
            remove_tree(folder)


@dataclass(frozen=True)
class Lent:
    """A folder of ours, which a child may read, and `work` in it, which it may write to: all else stays ours alone."""

    ours: Path
    work: Opened


@contextlib.contextmanager
def lent_folder(prefix: str) -> Iterator[Lent]:
    """Lend a folder to a child, whose user its supervisor makes it; removed with all that the child left in it."""
    with temporary_folder(prefix, 0o711) as ours:
        work = ours / "work"
        work.mkdir(mode=0o700)
        with opened(work) as given:
            yield Lent(ours, given)


def run_folder() -> Path:
    """The folder of this run, which others may walk through but not list; made when it is asked for first.

    Then also removes what runs of this user left that are dead. Raises EnvironmentProblem where it can't be made.
    """
    with _lock:
        if _own and _own[0][0] == os.getpid():
            return _own[0][1]
        # As git and /proc will call it.
        try:
            place = Path(tempfile.gettempdir()).resolve()
            sweep(place)
            folder, descriptor = _made(place)
        except OSError as error:
            raise EnvironmentProblem(
                f"no folder for temporary files can be made ({error.strerror}): set TMPDIR to one that has room"
            ) from error
        _own[:] = [(os.getpid(), folder, descriptor)]
        atexit.register(_remove_own, os.getpid(), folder)
        return folder


def sweep(place: Path) -> None:
    """End the processes and remove the folders of this user's runs in `place` that are dead."""
    for folder in place.glob(f"{RUN_PREFIX}*"):
        with contextlib.suppress(OSError), _taken_from_the_dead(folder):
            end_processes(folder)
            remove_tree(folder)


def is_abandoned(path: Path) -> bool:
    """Tell whether a path lies in the folder of a run that is dead, or of one that was removed already."""
    folder = next((each for each in (path, *path.parents) if each.name.startswith(RUN_PREFIX)), None)
    if folder is None:
        return False
    try:
        with _taken_from_the_dead(folder):
            return True
    except FileNotFoundError:
        return True
    except OSError:
        return False


@contextlib.contextmanager
def _taken_from_the_dead(folder: Path) -> Iterator[None]:
    """Hold the lock of a run's folder; raises OSError where its owner lives, or where it is not ours at all."""
    descriptor = os.open(folder, FOLDER_FLAGS)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(f"{folder} is another user's")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _made(place: Path) -> tuple[Path, int]:
    """A new folder for a run, and the lock that makes it this one's."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir=place))
        descriptor = _own_by_lock(folder)
        if descriptor is not None:
            folder.chmod(0o711)
            return folder, descriptor


def _own_by_lock(folder: Path) -> int | None:
    """Lock a new folder; None where a run that sweeps was faster, and took it for a dead one's."""
    descriptor = None
    try:
        descriptor = os.open(folder, FOLDER_FLAGS)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    except (FileNotFoundError, BlockingIOError):
        pass
    if descriptor is not None:
        os.close(descriptor)
    return None


def _remove_own(pid: int, folder: Path) -> None:
    if os.getpid() == pid:
        with contextlib.suppress(OSError):
            remove_tree(folder)


def end_processes(folder: Path) -> None:
    """Kill what works in a dead run's folder: its TMPDIR or its working directory is there."""
    until = time.monotonic() + END_S
    while (left := list(_processes_of(folder))) and time.monotonic() < until:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _processes_of(folder: Path) -> Iterator[int]:
    """The processes of `folder` that are not dead yet; none where there is no /proc."""
    inside = os.fsencode(f"{folder}/")
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (process / "environ").read_bytes().split(b"\0")
            where = os.fsencode(os.readlink(process / "cwd")) + b"/"
            if where.startswith(inside) or any(each.startswith(b"TMPDIR=" + inside) for each in environment):
                yield int(process.name)
