"""What is in a folder, by content: every name, mode and link, and the hash of every file."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pocketfit.cache.memo import Memo, seen_of

# Beyond these nobody would wait for the hashes.
MOST_FILES, MOST_BYTES = 100_000, 20_000_000_000


class Unknowable(Exception):
    """What a model's code can read can't be told, so that nothing that depends on it is kept: why."""


@dataclass(frozen=True)
class Listing:
    """A folder's content: for each path in it what it is, and, of files, the hash.

    `looked` is how the kernel described every file: two equal ones are of one tree that nobody touched in between.
    """

    contents: Mapping[str, str]
    looked: str

    def digest(self) -> str:
        """A hash that is the same for two folders with the same content, wherever they lie."""
        return digest_of(self.contents)


def digest_of(contents: Mapping[str, str]) -> str:
    """The hash of a mapping, whatever is in its names: each part goes in with its length."""
    total = hashlib.sha256()
    for name in sorted(contents):
        for part in (name, contents[name]):
            data = os.fsencode(part)
            total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


@dataclass
class _Walk:
    root: Path
    memo: Memo
    contents: dict[str, str] = field(default_factory=dict)
    looks: list[object] = field(default_factory=list)
    size_bytes: int = 0


def list_tree(root: Path, memo: Memo, *, hidden: bool = False, without: Path | None = None) -> Listing:
    """List the content of `root`; raises Unknowable, OSError.

    With `hidden`, of what begins with a dot at its top only the name is taken: models' code can't read it, nor
    `without`, a folder at its top.
    """
    walk = _Walk(root, memo)
    for entry, name in _entries(root, ""):
        if hidden and (entry.name.startswith(".") or Path(entry.path) == without):
            walk.contents[name] = "hidden"
        else:
            _add(walk, entry, name)
    return Listing(walk.contents, hashlib.sha256(repr(walk.looks).encode()).hexdigest())


def _entries(folder: Path | str, prefix: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            yield entry, f"{prefix}{entry.name}"


def _add(walk: _Walk, entry: os.DirEntry[str], name: str) -> None:
    """Add one thing, and, of a folder, all that is in it."""
    status = entry.stat(follow_symlinks=False)
    mode = stat.S_IMODE(status.st_mode)
    if len(walk.contents) >= MOST_FILES:
        raise Unknowable(f"it has more than {MOST_FILES:,} files")
    if stat.S_ISDIR(status.st_mode):
        walk.contents[name] = f"folder {mode:o}"
        for each, inner in _entries(entry.path, f"{name}/"):
            _add(walk, each, inner)
    elif stat.S_ISLNK(status.st_mode):
        walk.looks.append((name, seen_of(status)))
        walk.contents[name] = _link(walk, entry)
    elif stat.S_ISREG(status.st_mode):
        walk.looks.append((name, seen_of(status)))
        walk.contents[name] = f"file {mode:o} {status.st_size} {_hash(walk, entry.path, status)}"
    else:
        walk.contents[name] = f"special {status.st_mode:o} {status.st_rdev}"


def _hash(walk: _Walk, path: str, status: os.stat_result) -> str:
    walk.size_bytes += status.st_size
    if walk.size_bytes > MOST_BYTES:
        raise Unknowable(f"it has more than {MOST_BYTES / 1e9:.0f} GB")
    return walk.memo.sha256(path, status)


def _link(walk: _Walk, entry: os.DirEntry[str]) -> str:
    """A link by its words, and by the file that it leads to where that lies outside of the tree."""
    words = os.readlink(entry.path)
    place = os.path.realpath(entry.path)
    if Path(place).is_relative_to(os.path.realpath(walk.root)) and "/.git/" not in place:
        return f"link {words}"
    try:
        status = os.stat(place)
    except OSError:
        return f"link {words} nowhere"
    if not stat.S_ISREG(status.st_mode):
        raise Unknowable(f"{entry.name} links to {place}, which is outside of it and no file")
    walk.looks.append((place, seen_of(status)))
    return f"link {words} {status.st_size} {_hash(walk, place, status)}"
