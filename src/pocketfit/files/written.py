"""Files written whole or not at all, under names that nobody can guess until they are."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pocketfit.errors import ConfigError


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file for writing, which is at `path` once the block has ended well, and nowhere otherwise.

    Until then it has a name that nobody can guess, so that nothing can lie in wait there. Raises OSError.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.partial")
    # Not tempfile: its files are for the owner's eyes only, and later steps of a job are another user.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, making its folder where needed.

    It is written under a temporary name beside `path` and then renamed: a reader finds the old file or the
    new one, and a full disk leaves the old one. Lone surrogates, which models can put in their messages,
    become question marks. Raises ConfigError where the file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(path) as stream:
            stream.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
