"""The hashes of files that were read before, for as long as nothing that the kernel says of them has changed."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from pocketfit.files import new_file, read_regular

FILE = "hashes.json"
LIMIT_BYTES = 200_000_000
MOST = 300_000
# A file that is written twice within one tick of the kernel's clock may look the same after both.
RACY_S = 2.0
CHUNK_BYTES = 1 << 20

Seen = tuple[int, int, int, int, int]


def seen_of(status: os.stat_result) -> Seen:
    """All that tells a file from what it was: nobody but the kernel sets its time of change."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_racy(looks: Iterable[os.stat_result]) -> bool:
    """True where a file was written just now, so that a further change might not show in its times."""
    since = time.time() - RACY_S
    return any(max(status.st_mtime, status.st_ctime) > since for status in looks)


class Memo:
    """Hashes by path. A file is read again unless it is the same one, of the same size and times."""

    def __init__(self, folder: Path) -> None:
        """Read what is known in `folder`; whatever can't be read is not known."""
        self._file = folder / FILE
        self._old: dict[str, list[object]] = {}
        self._new: dict[str, list[object]] = {}
        try:
            digest, _, text = read_regular(self._file, LIMIT_BYTES).partition(b"\n")
            if hashlib.sha256(text).hexdigest().encode() == digest:
                self._old = json.loads(text)
        except (OSError, ValueError):
            pass

    def known(self, name: str, seen: Seen | str) -> str | None:
        """The hash that was told for `name` when it looked like this."""
        found = self._new.get(name) or self._old.get(name)
        return str(found[1]) if found and found[0] == _plain(seen) else None

    def tell(self, name: str, seen: Seen | str, digest: str) -> None:
        self._new[name] = [_plain(seen), digest]

    def sha256(self, path: str, status: os.stat_result) -> str:
        """The hash of a regular file that was just looked at; raises OSError, also where it changes meanwhile."""
        seen = seen_of(status)
        if known := self.known(path, seen):
            self.tell(path, seen, known)
            return known
        digest = hashlib.sha256()
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(f"{path} is no regular file")
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
            if seen_of(os.fstat(file.fileno())) != seen:
                raise OSError(f"{path} changed while it was read")
        if not is_racy([status]):
            self.tell(path, seen, digest.hexdigest())
        return digest.hexdigest()

    def save(self) -> None:
        """Write what this run knows, and of what earlier ones knew as much as there is room for; raises OSError."""
        if all(self._old.get(name) == value for name, value in self._new.items()):
            return
        older = {name: value for name, value in self._old.items() if name not in self._new}
        room = max(0, MOST - len(self._new))
        text = json.dumps(dict([*list(older.items())[-room:], *self._new.items()] if room else self._new)).encode()
        with new_file(self._file) as stream:
            stream.write(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)


def _plain(seen: Seen | str) -> object:
    """As JSON gives it back."""
    return seen if isinstance(seen, str) else list(seen)
