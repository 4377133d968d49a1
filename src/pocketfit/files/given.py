"""Files of strangers, read without trusting what they are.

A stranger is model code, pip, a device, another machine: whoever can put a link, a pipe, a hard link or a terabyte of
nothing where a file was expected. What they hand over is opened once, by descriptor, and copied to a new file of ours.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pocketfit.files.written import new_file

CHUNK_BYTES = 1 << 20
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def open_regular(path: str | Path, *, within: int | None = None) -> BinaryIO:
    """Open a stranger's file for reading: never through a link, never a pipe that would block, nor a second name.

    `within` is the descriptor of the folder that `path` is relative to. Raises OSError, or ValueError where it is not
    a regular file of one name.
    """
    name = Path(path).name
    stream = _regular(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=within), name)
    if os.fstat(stream.fileno()).st_nlink != 1:
        stream.close()
        raise ValueError(f"{name} has another name too (a hard link)")
    return stream


def read_regular(path: Path, limit_bytes: int) -> bytes:
    """Read such a file whole; raises ValueError where it is larger than `limit_bytes`, OSError."""
    with open_regular(path) as stream:
        return _read(stream, path.name, limit_bytes)


def read_named(path: Path, limit_bytes: int) -> bytes:
    """Read a file that the user named, who may mean a link; raises ValueError and OSError like read_regular."""
    with _regular(os.open(path, os.O_RDONLY | os.O_NONBLOCK), path.name) as stream:
        return _read(stream, path.name, limit_bytes)


@dataclass(frozen=True)
class Opened:
    """A stranger's folder by its descriptor: what it was called may be another folder by now."""

    path: Path
    descriptor: int

    def open(self, name: str) -> BinaryIO:
        """Open a file in it or below it like open_regular, with no link on the way."""
        parts = PurePosixPath(name).parts
        if not parts or "/" in parts or ".." in parts:
            raise ValueError(f"{name!r} is no file inside its folder")
        with contextlib.ExitStack() as stack:
            within = self.descriptor
            for folder in parts[:-1]:
                within = os.open(folder, FOLDER_FLAGS, dir_fd=within)
                stack.callback(os.close, within)
            return open_regular(parts[-1], within=within)

    def read(self, name: str, limit_bytes: int) -> bytes:
        """Read a file of it whole, like read_regular."""
        with self.open(name) as stream:
            return _read(stream, name, limit_bytes)

    def take(self, name: str, target: Path, limit_bytes: int) -> int:
        """Copy a file of it to a new file of ours; returns its size in bytes. Raises ValueError and OSError."""
        with self.open(name) as source, new_file(target) as copy:
            _check_size(source, name, limit_bytes)
            left = limit_bytes
            # Its owner may still write to it.
            while chunk := source.read(min(CHUNK_BYTES, left + 1)):
                left -= len(chunk)
                if left < 0:
                    raise ValueError(f"{name} is larger than {limit_bytes} bytes")
                copy.write(chunk)
            return copy.tell()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Opened]:
    """A folder that a stranger may write to, opened once; raises OSError where it is a link or no folder."""
    descriptor = os.open(folder, FOLDER_FLAGS)
    try:
        yield Opened(folder, descriptor)
    finally:
        os.close(descriptor)


def _regular(descriptor: int, name: str) -> BinaryIO:
    """The stream of a descriptor, which is closed where it is not a regular file's."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError(f"{name} is not a regular file")
    return os.fdopen(descriptor, "rb")


def _read(stream: BinaryIO, name: str, limit_bytes: int) -> bytes:
    _check_size(stream, name, limit_bytes)
    content = stream.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        raise ValueError(f"{name} is larger than {limit_bytes} bytes")
    return content


def _check_size(stream: BinaryIO, name: str, limit_bytes: int) -> None:
    """By its length, which a sparse file has for nothing."""
    if os.fstat(stream.fileno()).st_size > limit_bytes:
        raise ValueError(f"{name} is larger than {limit_bytes} bytes")
