"""Looks for modules and files of a repository by their names, to say where something lies that was not found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path

# A monorepo has many files; a name that is not found by then is not said.
MOST_FILES = 20_000
NEAR = 0.75
PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")
PACKAGE = "__init__.py"


def python_files(root: Path) -> Iterator[str]:
    """The repository's Python files, relative to its root, without what is hidden or installed in it."""
    count = 0
    for folder, folders, files in os.walk(root):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in ("node_modules", "site-packages")
        )
        for name in sorted(files):
            count += 1
            if count > MOST_FILES:
                return
            if name.endswith(".py"):
                yield os.path.relpath(os.path.join(folder, name), root)


def similar_file(root: Path, file: str) -> str | None:
    """The Python file that somebody meant who wrote `file`: one of that name elsewhere, or one of nearly that name."""
    written = Path(file)
    ranked = []
    for one in python_files(root):
        path = Path(one)
        of_folder, of_name = _ratio(path.parent, written.parent), _ratio(path.stem, written.stem)
        if path.name == written.name or (of_folder >= NEAR and of_name >= NEAR):
            ranked.append((of_folder + of_name, one))
    return max(ranked)[1] if ranked else None


def _ratio(one: object, other: object) -> float:
    return SequenceMatcher(None, str(one), str(other)).ratio()


def lying(roots: Sequence[Path], top: str) -> list[str]:
    """The folders of a repository that hold a module or package of this name, the shortest first."""
    found = []
    for root in roots[:1]:
        for file in python_files(root):
            path = Path(file)
            is_module = path.name == f"{top}.py"
            is_package = path.parent.name == top
            if is_module or is_package:
                found.append(str(path.parent if is_module else path.parent.parent))
    return sorted(dict.fromkeys(found), key=lambda folder: (len(Path(folder).parts), folder))


def similar(roots: Sequence[Path], module: str) -> str | None:
    """The dotted name of a module of the repository that is nearly `module`."""
    known = []
    for root in roots[:1]:
        for file in python_files(root):
            path = Path(file)
            parts = path.parent.parts if path.name == PACKAGE else path.with_suffix("").parts
            known += [".".join(parts[begin:]) for begin in range(len(parts))]
    near = get_close_matches(module, dict.fromkeys(known), 1, NEAR)
    return near[0] if near and near[0] != module else None


def project_of(root: Path, folder: str) -> str | None:
    """The nearest folder from this one up to the root that can be installed, as a requirements file names it."""
    path = root / folder
    for place in (path, *path.parents):
        if not place.is_relative_to(root):
            return None
        if any((place / name).is_file() for name in PROJECT):
            relative = place.relative_to(root)
            return "." if relative == Path() else f"./{relative}"
    return None
