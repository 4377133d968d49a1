"""Removes a folder that a stranger filled."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from pocketfit.files.given import FOLDER_FLAGS

# More than a tree has levels: each pass removes one. Whoever still writes into it must not keep us for ever.
MOST_PASSES = 100_000


def remove_tree(folder: Path) -> None:
    """Remove a folder that a stranger filled: however deep it is, and whatever its modes say. Raises OSError.

    shutil.rmtree calls itself for each level, and a model's process can make more levels than Python has frames.
    """
    top = os.open(folder, FOLDER_FLAGS)
    try:
        _allow(top)
        for _ in range(MOST_PASSES):
            names = os.listdir(top)
            if not names:
                break
            for name in names:
                _remove_one(top, name)
    finally:
        os.close(top)
    folder.rmdir()


def _remove_one(top: int, name: str) -> None:
    """Remove a file; of a folder its files, and put the folders in it beside it."""
    if not _is_folder(name, top):
        os.unlink(name, dir_fd=top)
        return
    inside = _open_allowed(top, name)
    try:
        for each in os.listdir(inside):
            if _is_folder(each, inside):
                # Only who may write to a folder may move it.
                os.close(_open_allowed(inside, each))
                os.rename(each, secrets.token_hex(16), src_dir_fd=inside, dst_dir_fd=top)
            else:
                os.unlink(each, dir_fd=inside)
    finally:
        os.close(inside)
    os.rmdir(name, dir_fd=top)


def _is_folder(name: str, within: int) -> bool:
    return stat.S_ISDIR(os.lstat(name, dir_fd=within).st_mode)


def _open_allowed(within: int, name: str) -> int:
    """Open a folder, allowing ourselves what its mode may deny."""
    try:
        descriptor = os.open(name, FOLDER_FLAGS, dir_fd=within)
    except PermissionError:
        if os.chmod in os.supports_follow_symlinks:
            os.chmod(name, 0o700, dir_fd=within, follow_symlinks=False)
        else:
            # Linux changes no mode by name unless it may follow a link; a descriptor's own link is no stranger's.
            handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
            os.chmod(f"/proc/self/fd/{handle}", 0o700)
            os.close(handle)
        descriptor = os.open(name, FOLDER_FLAGS, dir_fd=within)
    _allow(descriptor)
    return descriptor


def _allow(descriptor: int) -> None:
    if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o700 != 0o700:
        with contextlib.suppress(PermissionError):
            os.fchmod(descriptor, 0o700)
