"""A stand-in may not be made of what it judges; and its container has no packages beside Python's own modules."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import standin.wire

FOLDER = Path(standin.wire.__file__).parent


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def test_it_needs_nothing_but_python() -> None:
    packages = {name.partition(".")[0] for path in FOLDER.glob("*.py") for name in imported(path.read_text())}
    assert "standin" in packages
    assert packages - sys.stdlib_module_names == {"standin"}
