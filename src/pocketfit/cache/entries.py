"""Entries on disk: each a folder with a record and its files, whole or not there, and believed by its hashes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pocketfit.door import let_in
from pocketfit.files import Opened, new_file, opened
from pocketfit.files.owner import give_tree, owner_of
from pocketfit.files.removal import remove_tree

log = logging.getLogger(__name__)

RECORD, PARTIAL = "entry", ".partial-"
RECORD_LIMIT_BYTES = 8_000_000
FILE_LIMIT_BYTES = 4_000_000_000
CHUNK_BYTES = 1 << 20
# A run that still writes one is at it for seconds.
ABANDONED_S = 24 * 3600.0


class Damaged(Exception):
    """An entry is not what was kept: what is wrong with it."""


@dataclass(frozen=True)
class KeptFile:
    """A file of an entry, by what it is called there."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """The list of an entry's files, and its record's hash."""

    key: str
    record_sha256: str
    files: tuple[KeptFile, ...]


@dataclass(frozen=True)
class Found:
    """An entry whose record is whole; its files are looked at when they are taken."""

    record: bytes
    files: tuple[KeptFile, ...]
    folder: Path

    def take(self, targets: Mapping[str, Path]) -> None:
        """Copy each file to its place; raises Damaged, with nothing left there, unless all of them are as they were."""
        if sorted(targets) != sorted(file.name for file in self.files):
            raise Damaged("its files are not those of its record")
        try:
            with opened(self.folder) as folder:
                for file in self.files:
                    _copy(folder, file, targets[file.name])
        except (OSError, ValueError) as error:
            for target in targets.values():
                target.unlink(missing_ok=True)
            raise Damaged(str(error)) from error


class Entries:
    """The entries below `folder`, which is ours alone; `limit_bytes` is what all of them may take."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder, self.limit_bytes = folder, limit_bytes

    def _place(self, kind: str, key: str) -> Path:
        return self.folder / kind / key[:2] / key

    def find(self, kind: str, key: str) -> Found | None:
        """The entry of a key, None without one; raises Damaged for one that is not as it was written."""
        place = self._place(kind, key)
        try:
            with opened(place) as folder:
                head, _, record = folder.read(RECORD, RECORD_LIMIT_BYTES).partition(b"\n")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise Damaged(str(error)) from error
        try:
            contents: Contents = let_in(Contents, head)
        except ValueError as error:
            raise Damaged(str(error)) from error
        if contents.key != key or contents.record_sha256 != hashlib.sha256(record).hexdigest():
            raise Damaged("its record has another hash")
        with contextlib.suppress(OSError):
            # The least recently used go first, and not every file system keeps the time of reading.
            os.utime(place)
        return Found(record, contents.files, place)

    def forget(self, kind: str, key: str) -> None:
        """Remove an entry, if it is there and that can be done."""
        with contextlib.suppress(OSError):
            _remove(self._place(kind, key))

    def keep(self, kind: str, key: str, record: str, files: Mapping[str, Path]) -> None:
        """Write an entry whole, in the place of one that is there already; raises OSError."""
        place = self._place(kind, key)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self.folder / f"{PARTIAL}{secrets.token_hex(8)}"
        partial.mkdir(mode=0o700)
        try:
            kept = tuple(_put(source, partial, name) for name, source in files.items())
            body = record.encode()
            head = json.dumps(asdict(Contents(key, hashlib.sha256(body).hexdigest(), kept)))
            with new_file(partial / RECORD) as stream:
                stream.write(head.encode() + b"\n" + body)
            if owner := owner_of(self.folder):
                give_tree(self.folder / kind, owner)
                give_tree(partial, owner)
            _remove(place)
            partial.rename(place)
        except BaseException:
            with contextlib.suppress(OSError):
                remove_tree(partial)
            raise

    def trim(self) -> int:
        """Remove the least recently used entries until the rest is within the limit; returns how many those were."""
        self._forget_partials()
        known = sorted(self._used())
        total_bytes = sum(size_bytes for _, size_bytes, _ in known)
        removed = 0
        for _, size_bytes, place in known:
            if total_bytes <= self.limit_bytes:
                break
            with contextlib.suppress(OSError):
                _remove(place)
                total_bytes -= size_bytes
                removed += 1
        return removed

    def _used(self) -> Iterator[tuple[float, int, Path]]:
        """Each entry: when it was used last, the bytes that it takes, and where it is."""
        for place in self.folder.glob("*/??/*"):
            with contextlib.suppress(OSError):
                size_bytes = sum(path.lstat().st_size for path in place.rglob("*"))
                yield place.lstat().st_mtime, size_bytes, place

    def _forget_partials(self) -> None:
        for path in self.folder.glob(f"{PARTIAL}*"):
            with contextlib.suppress(OSError):
                if time.time() - path.lstat().st_mtime > ABANDONED_S:
                    remove_tree(path)


def _put(source: Path, folder: Path, name: str) -> KeptFile:
    """Copy a file into an entry's folder; returns what was copied."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with source.open("rb") as stream, new_file(target) as copy:
        shutil.copyfileobj(stream, copy, CHUNK_BYTES)
        size_bytes = copy.tell()
    with target.open("rb") as stream:
        return KeptFile(name, size_bytes, hashlib.file_digest(stream, "sha256").hexdigest())


def _copy(folder: Opened, file: KeptFile, target: Path) -> None:
    """Copy one file out of an entry's folder; raises ValueError where it is another than was kept, and OSError."""
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with folder.open(file.name) as source, new_file(target) as copy:
        if os.fstat(source.fileno()).st_size != file.size_bytes:
            raise ValueError(f"{file.name} has another size")
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            copy.write(chunk)
        if digest.hexdigest() != file.sha256:
            raise ValueError(f"{file.name} has another hash")


def _remove(place: Path) -> None:
    """Remove an entry: out of sight at once, so that nobody finds a half of it."""
    aside = place.parents[2] / f"{PARTIAL}{secrets.token_hex(8)}"
    try:
        place.rename(aside)
    except FileNotFoundError:
        return
    remove_tree(aside)
