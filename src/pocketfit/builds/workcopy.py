"""A copy of a tree for pip to build the repository's own packages in.

Building writes into the tree that it builds (`build/`, `*.egg-info`): into a user's tree it must not, and as another
user it can't.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pocketfit.builds.git import Git
from pocketfit.errors import CommandError

# What builds leave behind, which git ignores in most repositories: ours must make their own.
LEFTOVERS = ("build", "dist")


def copy_tree(root: Path, target: Path) -> None:
    """All that git keeps or would keep of `root`, in the new folder `target`, and links to what it ignores.

    Outside git everything is copied. Raises OSError.
    """
    try:
        kept = Git(root).files("--cached", "--others", "--exclude-standard")
        ignored = Git(root).files("--others", "--ignored", "--exclude-standard", "--directory")
    except CommandError:
        shutil.copytree(root, target, symlinks=True)
        return
    target.mkdir()
    for name in kept:
        source, copy = root / name, target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir() and not source.is_symlink():
            # A submodule.
            shutil.copytree(source, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"), dirs_exist_ok=True)
        elif source.is_symlink() or source.exists():
            shutil.copy2(source, copy, follow_symlinks=False)
    for name in ignored:
        copy = target / name
        if copy.name not in LEFTOVERS and copy.suffix != ".egg-info" and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to((root / name).resolve())
