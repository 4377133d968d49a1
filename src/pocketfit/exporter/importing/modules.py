"""Imports the module that a source names: by its dotted name, or the file at a place of the repository."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

from pocketfit.exporter.importing.finder import INSTALLED, hidden_by, install
from pocketfit.exporter.importing.plain import is_taken, plain_name
from pocketfit.exporter.tensors import ModelProblem

PACKAGE = "__init__.py"
LAYOUT = "src"


def import_module(module: str, root: Path) -> ModuleType:
    """Raises ModelProblem for a file that is not there, and whatever the code in it raises."""
    install(root)
    return _import_file(module, root) if module.endswith(".py") else _import_dotted(module, root)


def more_about(error: BaseException, root: Path) -> str:
    """Words to go on with, where what code of the repository raises has a cause that is ours; else none."""
    if isinstance(error, ImportError) and error.name and (hidden := hidden_by(root, error.name)):
        return f" ({hidden} has the name of a package that exporting needs, which comes first: rename it)"
    if isinstance(error, KeyError) and _raised_in(error) == os.__name__:
        return ": a model's process gets no such environment variable; give it in [models.NAME.env]"
    return ""


def _raised_in(error: BaseException) -> str | None:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    # By the module's name: Python's own os is frozen, and knows no file.
    return frames[-1].f_globals.get("__name__") if frames else None


def _import_dotted(module: str, root: Path) -> ModuleType:
    top, source = module.partition(".")[0], root / LAYOUT
    if not _holds(root, top) and _holds(source, top):
        _look_in(source)
    return importlib.import_module(module)


def _holds(folder: Path, top: str) -> bool:
    return (folder / top).is_dir() or (folder / f"{top}.py").is_file()


def _import_file(file: str, root: Path) -> ModuleType:
    path = root / file
    if not path.is_file():
        where = "paths are relative to its root, wherever pocketfit.toml lies"
        raise ModelProblem(f"{file}: no such file in the repository" + (f": {where}" if ".." in path.parts else ""))
    package = _package_of(path)
    if package is None:
        _look_in(path.parent)
        return _load(plain_name(_parts(Path(file).with_suffix(""))), path)
    _look_in(package.parent)
    _look_at_last_in(path.parent)
    return _import_from(package, path, file)


def _import_from(package: Path, path: Path, file: str) -> ModuleType:
    """A file of a package, under the name that its neighbours know it by."""
    inner = path.relative_to(package).with_suffix("").parts
    names = inner[:-1] if path.name == PACKAGE else inner
    top = package.name
    # The only part that nobody but us can have named: absolute imports of a name with a space are no Python.
    if is_taken(top) or not top.isidentifier():
        top = plain_name((top,))
    try:
        if top != package.name:
            _load(top, package / PACKAGE)
        importlib.import_module(".".join((top, *names[:-1])))
    except Exception:
        # A file that needs nothing of its package must not fail for the rest of it.
        _look_in(path.parent)
        try:
            return _load(plain_name(_parts(Path(file).with_suffix(""))), path)
        except Exception:
            pass
        raise
    return importlib.import_module(".".join((top, *names)))


def _package_of(path: Path) -> Path | None:
    """The topmost folder of the package that a file belongs to, if it does."""
    found = None
    for folder in path.parents:
        if not (folder / PACKAGE).is_file():
            return found
        found = folder
    return found


def _load(name: str, path: Path) -> ModuleType:
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    is_package = path.name == PACKAGE
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=[str(path.parent)] if is_package else None
    )
    if spec is None or spec.loader is None:
        raise ModelProblem(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _parts(place: Path) -> tuple[str, ...]:
    return tuple(part for part in place.parts if part not in ("..", "/"))


def _look_in(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _look_at_last_in(folder: Path) -> None:
    """For scripts that happen to lie in a package, and import their neighbours by bare names: after Python's own."""
    if str(folder) not in sys.path:
        installed = (index for index, place in enumerate(sys.path) if set(INSTALLED) & set(Path(place).parts))
        sys.path.insert(next(installed, len(sys.path)), str(folder))
