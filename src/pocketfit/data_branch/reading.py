"""Reads a history by its folder or its branch: as data, without a checkout."""

from __future__ import annotations

import logging
from pathlib import Path

from pocketfit.builds.git import Git
from pocketfit.errors import CommandError, ConfigError
from pocketfit.history.reading import (
    ENTRIES,
    MARK,
    MARK_LIMIT_BYTES,
    MOST_NAMES,
    MOST_READ,
    check_mark,
    read_entries,
    read_folder,
)
from pocketfit.records import History
from pocketfit.text import clean

log = logging.getLogger(__name__)

REGULAR = ("100644", "100755")


def read_history(place: str, folder: Path, most: int = MOST_READ) -> History:
    """Read the newest entries of a history by its folder, else by its branch in the repository that contains `folder`.

    Raises ConfigError where neither is one.
    """
    path = folder / place
    if path.is_dir():
        return read_folder(path, most)
    git = Git(folder)
    for ref in (f"refs/heads/{place}", f"refs/remotes/origin/{place}", place):
        if not place.startswith("-") and (commit := git.commit(ref)):
            return read_commit(git, commit, clean(place, 80), most)
    raise ConfigError(f"{clean(place, 80)} is neither a folder nor a branch here: `git fetch origin` brings branches")


def history_or_why(place: str, folder: Path) -> History:
    """The same for a run, which goes on without: what can't be read is a problem, said once."""
    try:
        history = read_history(place, folder)
    except ConfigError as error:
        history = History(problems=(f"no history: {error}",))
    for problem in history.problems:
        log.warning(problem)
    return history


def read_commit(git: Git, commit: str, name: str, most: int = MOST_READ) -> History:
    """Read the newest entries at a commit of a history's branch, called `name`; raises ConfigError."""
    try:
        check_branch(git, commit, name)
        blobs = {file.removeprefix(f"{ENTRIES}/"): blob for file, blob in git.blobs(commit, f"{ENTRIES}/")}
    except CommandError as error:
        raise ConfigError(f"{name} can't be read: {error}") from error
    if len(blobs) > MOST_NAMES:
        raise ConfigError(f"{name}: {ENTRIES} holds more than {MOST_NAMES:,} files")

    def read(file: str, limit_bytes: int) -> bytes:
        blob = blobs[file]
        if blob.mode not in REGULAR:
            raise ValueError(f"{file} is not a regular file")
        if blob.size_bytes > limit_bytes:
            raise ValueError(f"{file} is larger than {limit_bytes} bytes")
        return git.content(blob)

    return read_entries(list(blobs), read, most)


def check_branch(git: Git, commit: str, name: str) -> None:
    """Raise ConfigError unless a commit of the branch `name` is a history that this Pocketfit reads; CommandError."""
    mark = {file: blob for file, blob in git.blobs(commit, MARK) if blob.mode in REGULAR}
    if MARK not in mark or mark[MARK].size_bytes > MARK_LIMIT_BYTES:
        raise ConfigError(f"{name} is no history of Pocketfit's: it has no {MARK} that says so")
    check_mark(git.content(mark[MARK]), name)
