"""What a Python file defines, by its syntax tree."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketfit.files import read_named

# A source file of more is no model's.
LIMIT_BYTES = 1_000_000
# Whoever uses one of these may define what stands nowhere in the file.
DYNAMIC_NAMES = frozenset({"globals", "locals", "vars", "exec", "eval", "setattr", "__import__"})
DYNAMIC_ATTRIBUTES = frozenset({"modules", "__dict__", "__path__", "setattr", "update_wrapper"})
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Code:
    """`names` are all that the file may define, in whatever branch; `public` its functions and classes, in its order.

    `is_plain` is False where it may define others too: by a star import, a `__getattr__` or the like.
    """

    names: frozenset[str]
    public: tuple[str, ...]
    is_plain: bool


def read_code(path: Path) -> Code | None:
    """Read a file; None where that can't be done, or it is no Python."""
    try:
        data = read_named(path, LIMIT_BYTES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    names = frozenset(name for node in _of_module(tree) for name in _defined(node))
    public = [node.name for node in tree.body if isinstance(node, (*FUNCTIONS, ast.ClassDef))]
    shown = tuple(dict.fromkeys(name for name in public if not name.startswith("_")))
    return Code(names | _made_global(tree), shown, not _is_dynamic(tree) and "__getattr__" not in names)


def _of_module(tree: ast.Module) -> Iterator[ast.AST]:
    """All that runs when the module is imported, but for what is inside functions and classes."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def _defined(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name


def _made_global(tree: ast.Module) -> frozenset[str]:
    return frozenset(name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names)


def _is_dynamic(tree: ast.Module) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id in DYNAMIC_NAMES)
        or (isinstance(node, ast.Attribute) and node.attr in DYNAMIC_ATTRIBUTES)
        or (isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names))
        for node in ast.walk(tree)
    )
