"""Writing files so that nobody ever sees half of one, and reading those of somebody whom we do not trust."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from pocketfit.errors import ConfigError


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, making its folder where needed.

    It is written under a temporary name beside `path` and then renamed: a reader finds the old file or the
    new one, and a full disk leaves the old one. Lone surrogates, which models can put in their messages,
    become question marks. Raises ConfigError where the file can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not tempfile: its files are for the owner's eyes only, and later steps of a job are another user.
        with temporary.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.write(text)
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
    finally:
        # Where this fails too, its folder isn't one or isn't ours, and the error on its way says so.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def open_regular(path: Path) -> BinaryIO:
    """Open a file that model code wrote, for reading: never through a link, never a pipe that would block.

    Raises OSError, or ValueError where it is not a regular file.
    """
    stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise ValueError(f"{path.name} is not a regular file")
    return stream


def read_regular(path: Path, limit_bytes: int) -> bytes:
    """Read such a file whole; raises ValueError where it is larger than `limit_bytes`."""
    with open_regular(path) as stream:
        text = stream.read(limit_bytes + 1)
    if len(text) > limit_bytes:
        raise ValueError(f"{path.name} is larger than {limit_bytes} bytes")
    return text
