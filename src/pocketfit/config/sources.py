"""Whether what a configuration names is there: files and callables, by reading alone. Nothing of the repository runs,
and what can't be judged by reading is let pass: the model's own process meets it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from pocketfit.config.code import Code, read_code
from pocketfit.config.instead import OF_TENSORS, tensors_meant
from pocketfit.config.problems import Problem
from pocketfit.config.toml import written
from pocketfit.config.tree import files_below
from pocketfit.files.saved import SAVED_SUFFIXES, is_saved, saved_problem
from pocketfit.formats import FORMATS
from pocketfit.text import NEAR_NAMES, near_word

# The keys of a model that may name a callable.
NAMING = ("source", "inputs", "check_inputs", "calibration", "metric")
FORMS = "module:callable or path/to/file.py:callable"
# Where a package's modules may be, below the root.
LAYOUTS = ("", "src")
DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
# What a name with dots is that is no module's.
OF_FILES = (*SAVED_SUFFIXES, *(facts.suffix for facts in FORMATS.values()), ".onnx", ".pkl", ".ckpt", ".safetensors")
# More names than these are no help.
SHOWN_NAMES = 6


def source_problems(raw: Any, root: Path, beside: Path, only: Collection[str] = ()) -> list[Problem]:
    """What the models of a document name that is not in the tree at `root`, nor in the folder that the document is in.

    Of `only` these models, where some are given.
    """
    models = raw.get("models") if isinstance(raw, Mapping) else None
    tree, found = _Tree(root, beside), []
    for name, table in models.items() if isinstance(models, Mapping) else ():
        if not isinstance(table, Mapping) or (only and name not in only):
            continue
        for key in NAMING:
            value = table.get(key)
            if isinstance(value, str) and value and (said := tree.problem(value, key)):
                found.append(Problem(("models", name, key), said))
    return found


def source_problem(source: str, root: Path) -> str | None:
    """Why this source can't be one, as far as reading tells; None where it may."""
    return _Tree(root, root).problem(source, "source")


class _Tree:
    """A repository's tree, looked through once; `beside` is the folder of its configuration."""

    def __init__(self, root: Path, beside: Path) -> None:
        self.root = root.resolve()
        inside = beside.resolve().is_relative_to(self.root)
        self.places = tuple(dict.fromkeys((self.root, beside.resolve() if inside else self.root)))

    @cached_property
    def files(self) -> list[str]:
        return files_below(self.root, (".py", *SAVED_SUFFIXES))

    def problem(self, text: str, key: str) -> str | None:
        """Why the value of this key names nothing, or None."""
        module, colon, name = text.rpartition(":")
        if key in OF_TENSORS and (tensors := tensors_meant(text)):
            return f"{text!r} names no callable: write {key} = {written(tensors)}"
        if key == "source" and is_saved(text):
            return self._saved(text)
        if not colon or not module or not name:
            return self._nameless(text, key)
        if module.endswith(".py"):
            return self._in_file(module, name)
        return self._in_module(module, name, key)

    def _find(self, file: str) -> Path | None:
        """A file of the repository: from its root, else from the configuration's folder."""
        paths = (Path(os.path.normpath(place / file)) for place in self.places)
        return next((path for path in paths if path.is_file() and path.is_relative_to(self.root)), None)

    def _saved(self, file: str) -> str | None:
        path = self._find(file)
        return saved_problem(path, file) if path else self._gone(file)

    def _nameless(self, text: str, key: str) -> str:
        file = text.removesuffix(":")
        if file.endswith(".py"):
            path = self._find(file)
            if path is None:
                return self._gone(file)
            code = read_code(path)
            shown = f"{file}:{code.public[0]}" if code and code.public else f"{file}:callable"
            return f"{text!r} names no callable in that file: write {key} = {written(shown)}"
        if DOTTED.fullmatch(text) and not text.endswith(OF_FILES):
            return f"{text!r} names no callable: write {key} = {written(':'.join(text.rsplit('.', 1)))}"
        if key == "source":
            return f"{text!r} is no source: write {FORMS}, or a saved file ({', '.join(SAVED_SUFFIXES)})"
        return f"{text!r} names no callable: write {FORMS}"

    def _gone(self, file: str) -> str:
        where = "paths are relative to its root or to the folder of pocketfit.toml" if ".." in Path(file).parts else ""
        meant = self._or_meant(file) or where
        return f"{file}: no such file in the repository" + (f": {meant}" if meant else "")

    def _or_meant(self, file: str) -> str:
        """Ask for another file: one of the same name elsewhere, or one that is called much the same; "" for none."""
        path = PurePosixPath(file)
        alike = [name for name in self.files if PurePosixPath(name).suffix == path.suffix]
        same = [name for name in alike if PurePosixPath(name).name == path.name]
        near = min(same, key=lambda name: (name.count("/"), name)) if same else near_word(file, alike, NEAR_NAMES)
        return f"did you mean {near}?" if near else ""

    def _in_file(self, file: str, name: str) -> str | None:
        path = self._find(file)
        return _lacking(file, name, read_code(path)) if path else self._gone(file)

    def _in_module(self, module: str, name: str, key: str) -> str | None:
        if "/" in module or "\\" in module:
            file = f"{module.replace(chr(92), '/')}.py"
            if self._find(file):
                return f"{module!r} is no module: write {key} = {written(f'{file}:{name}')}"
            return None
        parts = module.split(".")
        folders = [place / layout for place in self.places for layout in LAYOUTS]
        holding = [folder for folder in folders if _holds(folder, parts[0])]
        # Any of them may be the one that is imported, and so may an installed one of that name.
        if not holding or self._is_installed(parts[0]):
            return None
        said = [self._below(folder, parts, module, name) for folder in holding]
        return None if None in said else said[0]

    def _is_installed(self, top: str) -> bool:
        try:
            spec = find_spec(top)
        except (ImportError, ValueError):
            return True
        places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
        return any(place and not Path(place).resolve().is_relative_to(self.root) for place in places)

    def _below(self, folder: Path, parts: list[str], module: str, name: str) -> str | None:
        """Follow a dotted name from folder to folder, as far as they are plain packages."""
        for index, part in enumerate(parts):
            inner, file = folder / part, folder / f"{part}.py"
            if inner.is_dir():
                folder = inner
                continue
            if file.is_file():
                return _lacking(module, name, read_code(file)) if index == len(parts) - 1 else None
            return _no_module(folder, part, ".".join(parts[:index]))
        code = read_code(folder / "__init__.py") if (folder / "__init__.py").is_file() else None
        return None if _is_module_in(folder, name.partition(".")[0]) else _lacking(module, name, code)


def _holds(folder: Path, top: str) -> bool:
    return bool(top) and ((folder / top).is_dir() or (folder / f"{top}.py").is_file())


def _no_module(folder: Path, part: str, package: str) -> str | None:
    code = read_code(folder / "__init__.py") if (folder / "__init__.py").is_file() else None
    # Compiled modules have further suffixes.
    if code is None or not code.is_plain or any(folder.glob(f"{part}.*")):
        return None
    near = near_word(part, [path.stem for path in folder.glob("*.py")], NEAR_NAMES)
    return f"{package} has no module {part!r}" + (f": did you mean {near!r}?" if near else "")


def _is_module_in(folder: Path, name: str) -> bool:
    return (folder / name).exists() or any(folder.glob(f"{name}.*"))


def _lacking(where: str, name: str, code: Code | None) -> str | None:
    """Say that a file does not define the first part of a name; None where it does, or that can't be told."""
    first = name.partition(".")[0]
    if code is None or not code.is_plain or first in code.names:
        return None
    if near := near_word(first, code.names, NEAR_NAMES):
        return f"{where} has no {first!r}: did you mean {near!r}?"
    shown = ", ".join(code.public[:SHOWN_NAMES]) + (", ..." if len(code.public) > SHOWN_NAMES else "")
    return f"{where} has no {first!r}: it has {shown}" if shown else f"{where} has no {first!r}, nor any callable"
