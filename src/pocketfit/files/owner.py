"""Gives what root makes in somebody's folder to that folder's owner: in a container they are the user's files."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def owner_of(folder: Path) -> tuple[int, int] | None:
    """The user and group that what we make in `folder` is to belong to; None where it belongs to us as it is."""
    if os.geteuid() != 0:
        return None
    status = folder.stat()
    return (status.st_uid, status.st_gid) if status.st_uid != 0 else None


def give(path: Path | int, owner: tuple[int, int]) -> None:
    """Make a file or an open one its owner's, where this container may: not every number of a user exists in it."""
    with contextlib.suppress(OSError):
        os.chown(path, *owner)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none, with those above it, each its parent's owner's; raises OSError."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        if owner := owner_of(made.parent):
            give(made, owner)


def give_tree(folder: Path, owner: tuple[int, int], *, all_of_it: bool = True) -> None:
    """Make all in `folder` that is root's its new owner's, and the folder itself with `all_of_it`; raises OSError.

    It is walked by descriptors and through no link, which may lead anywhere.
    """
    for parent, folders, files, within in os.fwalk(folder):
        itself = ["."] if all_of_it or parent != str(folder) else []
        for name in (*itself, *folders, *files):
            if os.lstat(name, dir_fd=within).st_uid == 0:
                os.chown(name, *owner, dir_fd=within, follow_symlinks=False)
