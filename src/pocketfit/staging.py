"""Where the files of a run are until it is done: a folder of ours inside `--out`, moved into place at the end.

Nothing is written through what was there before: a link at or below `--out`, or a file that git tracks there, may be a
pull request's. The lock on the folder is the kernel's: it is gone with the run that holds it, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pocketfit.builds.git import Git
from pocketfit.errors import CommandError, ConfigError, EnvironmentProblem
from pocketfit.files import forget_partials, write_text_atomically
from pocketfit.files.given import FOLDER_FLAGS
from pocketfit.files.owner import give_tree, make_folder, owner_of
from pocketfit.files.removal import remove_tree
from pocketfit.out import REPORT_FILE, Out

log = logging.getLogger(__name__)

WORK_PREFIX = ".unfinished-"
ASIDE = "aside"
# All that a run puts there. The report is moved last, and the old one away first: where it is, all else is its run's.
ENTRIES = (
    "logs", "artifacts", "emulator.log", "base.json", "head.json", "trial.json",
    "report.md", "report.html", REPORT_FILE,
)  # fmt: skip


class Staging:
    """The files of one run. `out` is where they are made; `publish` moves them to `folder`."""

    def __init__(self, folder: Path, work: Path, descriptor: int, *, whole: bool) -> None:
        self.folder, self.out = folder, Out(work)
        self._descriptor, self._whole = descriptor, whole
        self.is_published = False

    def open_to_devices(self) -> None:
        """Let other users read what was built: a device may run artifacts as one."""
        self.out.folder.chmod(0o755)

    def publish(self) -> None:
        """Move all that was made into place, once; of an earlier run nothing stays, unless this is a part of one.

        What root made is the folder's owner's. Raises ConfigError where that is not possible.
        """
        if self.is_published:
            return
        self.is_published = True
        made = {path.name for path in self.out.folder.iterdir()}
        work = os.open(self.out.folder, FOLDER_FLAGS)
        try:
            if owner := owner_of(self.folder):
                with contextlib.suppress(OSError):
                    give_tree(self.out.folder, owner, all_of_it=False)
            os.mkdir(ASIDE, 0o700, dir_fd=work)
            for name in reversed(ENTRIES):
                if self._whole or name in made:
                    with contextlib.suppress(FileNotFoundError):
                        os.rename(name, f"{ASIDE}/{name}", src_dir_fd=self._descriptor, dst_dir_fd=work)
            for name in ENTRIES:
                if name in made:
                    os.rename(name, name, src_dir_fd=work, dst_dir_fd=self._descriptor)
        except OSError as error:
            raise _cannot_be_written(self.folder, error) from error
        finally:
            os.close(work)

    def has_files(self) -> bool:
        """Tell whether anything was made at all."""
        return any(files for _, _, files in os.walk(self.out.folder))


@contextlib.contextmanager
def staged(folder: Path, *, whole: bool = True) -> Iterator[Staging]:
    """The files of a run into `--out folder`, there when the block ends, with whatever was made where it fails.

    With `whole` they take the place of all that an earlier run left there. Waits for another run into the same folder.
    Raises ConfigError for a folder that must not or can't be written.
    """
    is_new = not folder.exists()
    with contextlib.ExitStack() as stack:
        try:
            staging = Staging(folder, *_prepare(folder, stack), whole=whole)
        except OSError as error:
            raise _cannot_be_written(folder, error) from error
        try:
            yield staging
            staging.publish()
        except BaseException:
            if staging.has_files():
                staging.publish()
            elif is_new and not staging.is_published:
                _forget(staging)
            raise
        finally:
            with contextlib.suppress(OSError):
                remove_tree(staging.out.folder)


def _prepare(folder: Path, stack: contextlib.ExitStack) -> tuple[Path, int]:
    """Make a folder for the files of a run and lock where they will go, for as long as `stack`; raises OSError."""
    check_place(folder, f"--out {folder}")
    make_folder(folder)
    descriptor = stack.enter_context(_locked(folder))
    # Another run may have been at work there until now.
    check_place(folder, f"--out {folder}")
    forget_partials(folder)
    for left in folder.glob(f"{WORK_PREFIX}*"):
        with contextlib.suppress(OSError):
            remove_tree(left)
    # Keeps all of it out of the user's `git status`.
    write_text_atomically(folder / ".gitignore", "*\n")
    return Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=folder)), descriptor


def _forget(staging: Staging) -> None:
    """Leave no folder behind where there was none and nothing came of the run."""
    with contextlib.suppress(OSError):
        remove_tree(staging.out.folder)
        (staging.folder / ".gitignore").unlink()
        staging.folder.rmdir()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Hold the folder for one run; yields its descriptor. Raises OSError."""
    while True:
        descriptor = os.open(folder, FOLDER_FLAGS)
        try:
            _lock(descriptor, folder)
            # The run that we waited for may have removed it.
            if folder.exists() and os.path.samestat(os.fstat(descriptor), folder.stat()):
                yield descriptor
                return
        finally:
            os.close(descriptor)
        make_folder(folder)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.warning("another run writes to %s: waiting for its end", folder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        # Some network file systems.
        log.debug("%s can't be locked: %s", folder, error)


def check_place(folder: Path, said: str) -> None:
    """Raise ConfigError where a run must not write to a folder, which the sentence calls `said`.

    That is where a link stands at it, below it, or on the way to it inside a repository, and where git tracks anything
    at it or below it.
    """
    place = Path(os.path.abspath(folder))
    for link in _links(place):
        raise ConfigError(f"{said} can't be used: {_shown(link)} is a link; remove it, or name another folder")
    for name in _tracked(place):
        raise ConfigError(f"{said} can't be used: git tracks {name} there; name a folder that only runs write to")


def _links(place: Path) -> Iterator[Path]:
    for part in reversed(place.parents):
        # Outside of repositories it is the system's or the user's own, as /tmp can be.
        if part.is_symlink() and _repository_of(part.parent):
            yield part
    if place.is_symlink():
        yield place
    for parent, folders, files in os.walk(place):
        yield from (path for name in (*folders, *files) if (path := Path(parent, name)).is_symlink())


def _tracked(place: Path) -> Iterator[str]:
    """What git's index holds at or below `place`, whether it is there or not."""
    nearest = next(parent for parent in place.parents if parent.is_dir())
    yield from _listed(nearest, f":(literal){place.relative_to(nearest)}")
    if place.is_dir():
        # Where it is a repository of its own, that one's.
        yield from _listed(place, ".")


def _listed(folder: Path, pathspec: str) -> list[str]:
    try:
        return Git(folder).files("--", pathspec)
    except CommandError as error:
        # Without git, outside of a repository or in a .git folder nothing is tracked.
        if error.code == 127 or any(words in error.stderr for words in ("not a git repository", "in a work tree")):
            return []
        raise


def _repository_of(folder: Path) -> bool:
    try:
        return bool(Git(folder).root())
    except ConfigError:
        return False
    except EnvironmentProblem:
        if shutil.which("git"):
            raise
        return False


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _cannot_be_written(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(f"--out {folder} can't be written: {error.strerror}")
