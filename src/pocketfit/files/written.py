"""Files written whole or not at all, under names that nobody can guess until they are."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pocketfit.errors import ConfigError
from pocketfit.files.owner import give, make_folder, owner_of

PARTIAL_PREFIX = ".pocketfit-partial-"
# One that is younger may have no lock yet.
YOUNG_S = 60.0


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file for writing, which is at `path` once the block has ended well, and nowhere otherwise.

    Until then it has a name that nobody can guess, so that nothing can lie in wait there, and a lock, so that what was
    never finished can be told from what will be. What root writes is the folder's owner's. Raises OSError.
    """
    temporary = path.with_name(f"{PARTIAL_PREFIX}{secrets.token_hex(8)}")
    # Not tempfile: its files are for the owner's eyes only, and later steps of a job are another user.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        if owner := owner_of(path.parent):
            give(descriptor, owner)
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def forget_partials(folder: Path) -> None:
    """Remove the files in a folder that nobody will finish, since who wrote them was killed."""
    for path in folder.glob(f"{PARTIAL_PREFIX}*"):
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if time.time() - os.fstat(descriptor).st_mtime > YOUNG_S:
                    path.unlink()
            finally:
                os.close(descriptor)


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, making its folder where needed.

    It is written under a temporary name beside `path` and then renamed: a reader finds the old file or the
    new one, and a full disk leaves the old one. Lone surrogates, which models can put in their messages,
    become question marks. Raises ConfigError where the file can't be written.
    """
    try:
        make_folder(path.parent)
        with new_file(path) as stream:
            stream.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
