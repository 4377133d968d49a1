"""The files of a repository, to find the one that was meant; whether git knows them does not matter."""

from __future__ import annotations

import os
from pathlib import Path

# None of these holds a model's code; hidden folders don't either.
SKIPPED_FOLDERS = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "env", "build", "dist"})
# In a repository of more the answer would come too late.
MOST_FOLDERS, MOST_FILES = 2_000, 10_000


def files_below(root: Path, suffixes: tuple[str, ...]) -> list[str]:
    """The files with such suffixes, relative to `root`, in the order of their names."""
    found: list[str] = []
    for count, (folder, folders, names) in enumerate(os.walk(root)):
        if count >= MOST_FOLDERS or len(found) >= MOST_FILES:
            break
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith("."))
        here = os.path.relpath(folder, root)
        found += [name if here == "." else f"{here}/{name}" for name in sorted(names) if name.endswith(suffixes)]
    return found
