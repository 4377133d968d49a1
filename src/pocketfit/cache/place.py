"""Where the cache is, and whether it is ours alone: who can write there decides what a run takes for its own work."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pocketfit.files import new_file
from pocketfit.files.caches import own_caches

# Another form of entries is another folder.
VERSION = "v1"
MARKER, MARKER_TEXT = "pocketfit-cache", "1\n"
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NoCache(Exception):
    """The cache can't be used: one sentence that names the folder. The run goes on without it."""


def default_folder(environ: Mapping[str, str]) -> Path:
    """$XDG_CACHE_HOME/pocketfit, or ~/.cache/pocketfit; raises NoCache where nobody knows a home."""
    try:
        return own_caches(environ)
    except RuntimeError as error:
        raise NoCache(f"no folder for the cache is known: {error}") from error


def prepared(folder: Path, owners: Collection[int], open_to_models: Iterable[str | Path], root: Path) -> Path:
    """The part of the cache `folder` that is of this version, made where there is none.

    `owners` are the users whose folder it may be, `open_to_models` what models' code may read: it lies in none of that.
    Nor may it lie in the tree at `root`, but for git's own folder there: a commit could bring one. Raises NoCache.
    """
    folder = folder.absolute()
    inner = folder / VERSION
    if _is_inside(folder, root) and not _is_inside(folder, root / ".git"):
        raise NoCache(
            f"cache {folder}: it lies in the repository, whose commits could bring what they like: "
            "name a folder outside, or one in .git"
        )
    try:
        inside = next((each for each in open_to_models if _is_inside(folder, Path(each))), None)
        if inside is not None:
            raise NoCache(
                f"cache {folder}: it lies in {inside}, which models' code may read: name another with --cache"
            )
        for each in (folder, inner):
            _make(each)
            _check(each, owners)
        _check_version(inner)
    except OSError as error:
        raise NoCache(f"cache {folder}: it can't be used: {error.strerror or error}") from error
    return inner


def _is_inside(folder: Path, other: Path) -> bool:
    """By their true places: what is linked to may be open, though its link is not."""
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(other))


def _make(folder: Path) -> None:
    """Make the folder where there is none, ours alone. Its parents are made as everybody makes them."""
    if os.path.lexists(folder):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        parent = folder.parent.stat()
        os.chown(folder, parent.st_uid, parent.st_gid)


def _check(folder: Path, owners: Collection[int]) -> None:
    """Raise NoCache for a folder that somebody else owns or may write to; close it to all others' eyes."""
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        what = "a link" if stat.S_ISLNK(status.st_mode) else "no folder"
        raise NoCache(f"cache {folder}: it is {what}: remove it, or name another with --cache")
    if status.st_uid not in owners:
        raise NoCache(f"cache {folder}: it belongs to another user (number {status.st_uid}): name another with --cache")
    if status.st_mode & OTHERS_WRITE:
        raise NoCache(f"cache {folder}: others may write to it, so what is in it may be anybody's: remove it")
    if stat.S_IMODE(status.st_mode) & 0o077:
        folder.chmod(0o700)


def _check_version(inner: Path) -> None:
    """Raise NoCache where the folder holds what another version of Pocketfit put there, or something else."""
    marker = inner / MARKER
    try:
        descriptor = os.open(marker, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        if any(inner.iterdir()):
            raise NoCache(f"cache {inner}: it holds something else than a cache: remove it") from None
        with new_file(marker) as stream:
            stream.write(MARKER_TEXT.encode())
        return
    with os.fdopen(descriptor, "rb") as file:
        if file.read(100) != MARKER_TEXT.encode():
            raise NoCache(f"cache {inner}: it is of another version of Pocketfit: remove it")
