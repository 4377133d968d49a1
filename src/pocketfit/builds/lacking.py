"""Tells that base can't be built for want of a file that git ignores: head has it, and no commit ever did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pocketfit.builds.git import Git
from pocketfit.errors import CommandError

# Python's FileNotFoundError and torch's C++ quote the path in ways of their own; the last is the exporter's.
MISSING = (
    re.compile(r"No such file or directory: '([^']+)'"),
    re.compile(r"No such file or directory, file path: (\S+)"),
    re.compile(r"([^\s'\"]+) (?:not found|does not exist|doesn't exist)"),
    re.compile(r"^(.+?): no such file in the repository"),
)
NO_MODULE = re.compile(r"No module named '([\w.]+)'")


def why_lacking(reason: str, tree: Path, head: Path) -> str | None:
    """Say why base could not be built in `tree` where `reason` names such a file; None where it is another matter."""
    for name in _names(reason, tree):
        if not (tree / name).exists() and (head / name).exists() and _ignored(head, name):
            # Where the tree stood tells nobody anything.
            said = reason.replace(f"{tree}/", "")
            return f"its tree lacks {name}, which head has and git ignores, so it can't be built ({said})"
    return None


def _names(reason: str, tree: Path) -> Iterator[str]:
    """What is missing, relative to the tree. It is a model's process that says so: no path leads out of the tree."""
    found = [match[1] for pattern in MISSING for match in pattern.finditer(reason)]
    for place in found:
        path = PurePosixPath(place)
        for root in {tree, tree.resolve()}:
            if path.is_relative_to(root):
                path = path.relative_to(root)
        if not path.is_absolute() and ".." not in path.parts and path.parts:
            yield str(path)
    for match in NO_MODULE.finditer(reason):
        module = match[1].replace(".", "/")
        yield from (f"{folder}{module}{suffix}" for folder in ("", "src/") for suffix in (".py", ""))


def _ignored(root: Path, name: str) -> bool:
    try:
        listed = Git(root).files(
            "--others", "--ignored", "--exclude-standard", "--directory", "--", f":(literal){name}"
        )
    except CommandError:
        return False
    return bool(listed)
