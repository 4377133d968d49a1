"""The size of rooms and functions, and what docs/architecture.md and CONTRIBUTING.md say of them.

What may import what is held by import-linter, in `make check`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/pocketfit"
ROOMS = sorted({path.parent for path in PACKAGE.rglob("*.py")})
# The fullest folders of the projects that we admire have 10 to 25 (cibuildwheel 18).
MOST_MODULES = 18
LONGEST_FUNCTION_LINES = 60
LONGEST_FILE_LINES = 300


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(PACKAGE.parent)))
def test_a_room_has_few_enough_modules(room: Path) -> None:
    modules = [path for path in room.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES


def functions(folder: Path) -> Iterator[tuple[str, int]]:
    """Each function with its length in lines, its decorators and docstring among them."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or first) - first + 1


@pytest.mark.parametrize("folder", ["src/pocketfit", "entrypoint", "standin", "benchmarks", "tools"])
def test_no_function_is_longer_than_a_screen(folder: str) -> None:
    long = {name: lines for name, lines in functions(ROOT / folder) if lines > LONGEST_FUNCTION_LINES}
    assert long == {}


def test_every_room_says_what_it_is() -> None:
    for room in ROOMS:
        assert ast.get_docstring(ast.parse((room / "__init__.py").read_text())), room


def paths_in(page: str) -> set[str]:
    """What a page names in backticks that looks like a file or folder of this repository."""
    names = re.findall(r"`([\w./-]+(?:\.(?:py|md|toml|yml|java|c|json|j2)|/))`", (ROOT / page).read_text())
    return {name for name in names if not name.startswith("-")}


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    places = (ROOT, PACKAGE)
    missing = [name for name in paths_in(page) if not any((place / name).exists() for place in places)]
    assert missing == []


def test_the_map_has_every_room_and_every_module_at_the_top() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    rooms = [f"`{room.relative_to(PACKAGE)}/`" for room in ROOMS if room.parent == PACKAGE]
    modules = [f"`{path.name}`" for path in PACKAGE.glob("*.py") if not path.name.startswith("__")]
    assert [name for name in (*rooms, *modules) if name not in text] == []
