"""Imports the module that a source names: by its dotted name, or the file at a place of the repository."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from pocketfit.exporter.importing.finder import INSTALLED, add_project, install, is_own, places
from pocketfit.exporter.importing.plain import is_taken, plain_name
from pocketfit.exporter.importing.search import similar_file
from pocketfit.exporter.tensors import ModelProblem

PACKAGE = "__init__.py"
# A repository that is itself a package.
OF_ROOT = "repository_"


def import_module(module: str, root: Path) -> ModuleType:
    """Raises ModelProblem for a file that is not there, and whatever the code in it raises."""
    install(root)
    return _import_file(module, root) if module.endswith(".py") else _import_dotted(module, root)


def find_file(file: str, root: Path) -> Path:
    """A file that the configuration names: from the repository's root, else from the folder of the configuration.

    It lies in the repository, or in neither: the path from its root then.
    """
    for folder in (root, *places()):
        path = Path(os.path.normpath(folder / file))
        if path.exists() and path.is_relative_to(root):
            return path
    return root / file


def _import_dotted(module: str, root: Path) -> ModuleType:
    """By its dotted name: the repository's own module first, as for a script of the repository that imports it."""
    top = module.partition(".")[0]
    if not is_taken(top) and top not in sys.modules:
        own = (Path(place) for place in sys.path if is_own(Path(place), root))
        held = (file for place in own for file in (place / top / PACKAGE, place / f"{top}.py") if file.is_file())
        if file := next(held, None):
            _load(top, file)
    return importlib.import_module(module)


def not_the_file(module: str, root: Path) -> str:
    """What to add where a module that has not what was asked of it is not the repository's file of that name."""
    loaded, file = sys.modules.get(module), f"{module.replace('.', '/')}.py"
    path = find_file(file, root)
    if loaded is None or not path.is_file() or getattr(loaded, "__file__", None) == str(path):
        return ""
    return f', and is not {file}: write source = "{file}:..."'


def _import_file(file: str, root: Path) -> ModuleType:
    path = find_file(file, root)
    if not path.is_file():
        near = similar_file(root, file)
        where = "paths are relative to its root or to the folder of pocketfit.toml" if ".." in path.parts else ""
        meant = f"did you mean {near}?" if near else where
        raise ModelProblem(f"{file}: no such file in the repository" + (f": {meant}" if meant else ""))
    for folder in reversed(path.parents):
        if folder.is_relative_to(root):
            add_project(folder)
    package = _package_of(path, root)
    if package is None:
        _look_in(path.parent)
        return _load(_name_of(path, root), path)
    _look_in(package.parent)
    _look_at_last_in(path.parent)
    return _import_from(package, path, root)


def _name_of(path: Path, root: Path) -> str:
    """What a file that belongs to no package is called: by its place in the repository."""
    name = plain_name(path.relative_to(root).with_suffix("").parts)
    # A folder of that name beside it is another module.
    return f"{name}_" if any(path.with_suffix("").glob("*.py")) else name


def _import_from(package: Path, path: Path, root: Path) -> ModuleType:
    """A file of a package, under the name that its neighbours know it by."""
    inner = path.relative_to(package).with_suffix("").parts
    names = inner[:-1] if path.name == PACKAGE else inner
    # What a checkout is called is nobody's choice, and another on each side.
    top = OF_ROOT if package == root else package.name
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
            return _load(_name_of(path, root), path)
        except Exception:
            pass
        raise
    name = ".".join((top, *names))
    if path.name != PACKAGE and (path.with_suffix("") / PACKAGE).is_file():
        # Python takes the folder of that name.
        return _load(f"{name}_", path)
    return importlib.import_module(name)


def _package_of(path: Path, root: Path) -> Path | None:
    """The topmost folder of the package that a file belongs to, if it does: the repository's root at most."""
    found = None
    for folder in path.parents:
        if not (folder / PACKAGE).is_file() or not folder.is_relative_to(root):
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
    _make_parents(name, path)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _make_parents(name: str, path: Path) -> None:
    """Let a file in folders that have no name in Python, such as `ml-models`, import its neighbours by `from .`."""
    parents = name.split(".")[:-1]
    for count in range(1, len(parents) + 1):
        parent, folder = ".".join(parents[:count]), path.parents[len(parents) - count]
        if parent in sys.modules or _is_found(parent):
            continue
        package = ModuleType(parent)
        package.__path__ = [str(folder)]
        sys.modules[parent] = package


def _is_found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
    except (Exception, SystemExit):
        # A package around it, whose own code was run to look into it.
        return True


def _look_in(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _look_at_last_in(folder: Path) -> None:
    """For scripts that happen to lie in a package, and import their neighbours by bare names: after Python's own."""
    if str(folder) not in sys.path:
        installed = (index for index, place in enumerate(sys.path) if set(INSTALLED) & set(Path(place).parts))
        sys.path.insert(next(installed, len(sys.path)), str(folder))
