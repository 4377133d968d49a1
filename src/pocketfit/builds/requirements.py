"""Requirements files of a repository, read once: what they ask for, with all that they include."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketfit.errors import ConfigError
from pocketfit.files import read_named

LIMIT_BYTES = 1_000_000
INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[ =]\s*(\S+)")
# Such a line installs from the tree itself, so that base's and head's are never the same.
LOCAL = re.compile(r"(?:-e\b|--editable\b|\.{1,2}(?:/|$|\[)|/|file:)|.*@\s*file:")


@dataclass(frozen=True)
class Requirements:
    """A requirements file of the tree at `root`; `texts` are its content and that of the files that it includes."""

    root: Path
    file: str
    texts: tuple[str, ...]

    def are_local(self) -> bool:
        """True where something is installed from the tree itself."""
        return any(map(_is_local, self.texts))

    def digest(self) -> str:
        """A SHA-256 that is the same for two trees that ask for the same."""
        total = hashlib.sha256()
        for text in self.texts:
            total.update(text.encode())
            if _is_local(text):
                total.update(str(self.root).encode())
        return total.hexdigest()


def read_requirements(root: Path, file: str) -> Requirements:
    """Read a file of the tree at `root` with those that it includes; raises ConfigError where one can't be read."""
    return Requirements(root, file, tuple(_texts(root, root / file, set())))


def _or_meant(root: Path, file: str) -> str:
    """The requirements files that the repository has instead, at its root or in a folder below it."""
    found = sorted(path.relative_to(root).as_posix() for path in (*root.glob("*.txt"), *root.glob("*/*.txt")))
    there = [name for name in found if "requirements" in name and name != file]
    return f"; the repository has {', '.join(there[:5])}" if there else ""


def _is_local(text: str) -> bool:
    return any(LOCAL.match(line.strip()) for line in text.splitlines())


def _texts(root: Path, path: Path, seen: set[Path]) -> Iterator[str]:
    if path in seen:
        return
    seen.add(path)
    try:
        text = read_named(path, LIMIT_BYTES).decode("utf-8")
    except (OSError, ValueError) as error:
        shown = path.relative_to(root) if path.is_relative_to(root) else path
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"requirements: {shown} can't be read: {reason}{_or_meant(root, str(shown))}") from error
    yield text
    for line in text.splitlines():
        if (match := INCLUDE.match(line.strip())) and "://" not in match[1]:
            yield from _texts(root, path.parent / match[1], seen)
