"""The files of a repository that are looked at."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pocketfit.builds.git import Git
from pocketfit.commands.init.names import BUILDERS_FILE
from pocketfit.errors import CommandError

SKIPPED_FOLDERS = frozenset(
    {"tests", "test", "docs", "build", "dist", "venv", "env", "node_modules", "site-packages", "__pycache__"}
)
# What a run of ours leaves.
OURS = "pocketfit-out"


def list_files(root: Path) -> tuple[PurePosixPath, ...]:
    """Files that git knows or would, outside git all that are there; no tests, and nothing that we wrote."""
    return tuple(sorted(path for path in map(PurePosixPath, _names(root)) if _is_wanted(path)))


def _names(root: Path) -> Iterator[str]:
    try:
        yield from Git(root).files("--cached", "--others", "--exclude-standard")
    except CommandError:
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if not _is_skipped(name)]
            yield from (os.path.relpath(os.path.join(folder, name), root) for name in files)


def _is_wanted(path: PurePosixPath) -> bool:
    if any(map(_is_skipped, path.parts[:-1])) or path.name.startswith(("test_", "conftest", "setup.", ".")):
        return False
    # A name with a quote or a colon could not be written as a source.
    return str(path) != BUILDERS_FILE and re.fullmatch(r"[\w./ -]+", str(path)) is not None


def _is_skipped(folder: str) -> bool:
    return folder in SKIPPED_FOLDERS or folder.startswith(".") or folder == OURS
