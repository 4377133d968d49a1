"""Where a project's own files say that its packages lie: what `pip install -e` would put on sys.path.

Read as data, nothing of a repository is run: pyproject.toml of setuptools, Poetry, Hatch, PDM, Maturin and uv,
setup.cfg, and the literals of setup.py.
"""

from __future__ import annotations

import ast
import configparser
import contextlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SRC = "src"
# In [tool.NAME] of pyproject.toml: the key whose value is the folder that holds packages.
FOLDER_KEYS = (
    ("pdm", "build", "package-dir"),
    ("maturin", "python-source"),
    ("uv", "build-backend", "module-root"),
)


@dataclass(frozen=True)
class Layout:
    """`folders` are to be looked for packages in, and `packages` has the folder of each that is called otherwise."""

    folders: tuple[Path, ...]
    packages: Mapping[str, Path]


def layout_of(project: Path) -> Layout:
    """The layout of the project in a folder; whatever can't be read says nothing."""
    folders: list[Path] = []
    packages: dict[str, Path] = {}
    for name, place in _said(project):
        folder = (project / place).resolve()
        # Files of a repository name nothing outside of it.
        if not folder.is_relative_to(project.resolve()) or not folder.is_dir():
            continue
        folder = project / folder.relative_to(project.resolve())
        if not name:
            folders.append(folder)
        elif "." not in name:
            packages[name] = folder
    if (project / SRC).is_dir():
        folders.append(project / SRC)
    renamed = {name: folder for name, folder in packages.items() if folder.name != name}
    folders += [folder.parent for name, folder in packages.items() if folder.name == name]
    return Layout(tuple(dict.fromkeys(folder for folder in folders if folder != project)), renamed)


def _said(project: Path) -> Iterator[tuple[str, str]]:
    """Each folder that is named, for a package or, under the name "", for all that lies in it."""
    table = _pyproject(project)
    yield from _setuptools(table.get("setuptools"))
    yield from _poetry(_list(table.get("poetry"), "packages"))
    yield from _hatch(_inside(table, "hatch", "build", "targets", "wheel"))
    yield from _hatch(_inside(table, "hatch", "build"))
    for tool, *keys in FOLDER_KEYS:
        *inner, last = keys
        yield from _texts("", _inside(table, tool, *inner).get(last))
    yield from _setup_cfg(project)
    yield from _setup_py(project)


def _pyproject(project: Path) -> Mapping[str, Any]:
    with contextlib.suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return _inside(tomllib.loads((project / "pyproject.toml").read_text("utf-8")), "tool")
    return {}


def _setuptools(table: Any) -> Iterator[tuple[str, str]]:
    if isinstance(table, Mapping):
        yield from _mapped(table.get("package-dir"))
        yield from _texts("", _inside(table, "packages", "find").get("where"))


def _poetry(packages: list[Any]) -> Iterator[tuple[str, str]]:
    for package in packages:
        if isinstance(package, Mapping):
            yield from _texts("", package.get("from"))


def _hatch(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for package in _list(table, "packages"):
        if isinstance(package, str):
            yield "", str(Path(package).parent)
    sources = table.get("sources")
    if isinstance(sources, Mapping):
        # Each prefix of the tree, and what it becomes in the wheel.
        for place, name in sources.items():
            yield from _texts(name if isinstance(name, str) else "", place)
    else:
        yield from _texts("", sources)


def _setup_cfg(project: Path) -> Iterator[tuple[str, str]]:
    parser = configparser.ConfigParser(interpolation=None)
    with contextlib.suppress(OSError, UnicodeDecodeError, configparser.Error):
        parser.read_string((project / "setup.cfg").read_text("utf-8"))
    for line in parser.get("options", "package_dir", fallback="").splitlines():
        name, equals, place = line.partition("=")
        if equals:
            yield name.strip(), place.strip()
    yield from _texts("", parser.get("options.packages.find", "where", fallback=None))


def _setup_py(project: Path) -> Iterator[tuple[str, str]]:
    """What the calls of setup() and find_packages() say in so many words."""
    try:
        tree = ast.parse((project / "setup.py").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = {word.arg: _literal(word.value) for word in node.keywords}
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function == "setup":
            yield from _mapped(named.get("package_dir"))
        elif function in ("find_packages", "find_namespace_packages"):
            yield from _texts("", named.get("where", _literal(node.args[0]) if node.args else None))


def _literal(node: ast.expr) -> Any:
    with contextlib.suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ast.literal_eval(node)
    return None


def _mapped(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, place in value.items():
            if isinstance(name, str):
                yield from _texts(name, place)


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    for text in value if isinstance(value, list | tuple) else [value]:
        if isinstance(text, str) and "\0" not in text:
            yield name, text


def _inside(table: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        table = table.get(key) if isinstance(table, Mapping) else None
    return table if isinstance(table, Mapping) else {}


def _list(table: Any, key: str) -> list[Any]:
    value = table.get(key) if isinstance(table, Mapping) else None
    return value if isinstance(value, list) else []
