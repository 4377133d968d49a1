"""The files with weights that a function reads."""

from __future__ import annotations

import ast

from pocketfit.survey.code import Code
from pocketfit.survey.options import UNKNOWN
from pocketfit.survey.values import Scope, value_of

READERS = frozenset({"torch.load", "torch.jit.load", "safetensors.torch.load_file"})


def read_by(code: Code, function: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> list[str]:
    """The paths of weights that a function reads, where they are known; one that is not known counts as "?"."""
    found: list[str] = []
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if code.meaning(node.func, scope.source) in READERS:
            value = _path(code, node.args[0], scope)
            found.append(value if isinstance(value, str) else "?")
    return found


def _path(code: Code, node: ast.expr, scope: Scope) -> str | None:
    """A path in words, or the last of its parts joined by `/` or os.path.join, which is the place below a folder."""
    value = value_of(code, node, scope)
    if isinstance(value, str):
        return value
    match node:
        case ast.BinOp(op=ast.Div(), right=right):
            right_value = value_of(code, right, scope)
            left = _path(code, node.left, scope)
            if isinstance(right_value, str):
                return f"{left}/{right_value}" if left else right_value
        case ast.Call(args=[*parts]) if parts:
            values = [value_of(code, part, scope) for part in parts]
            known = [value for value in values if value is not UNKNOWN and isinstance(value, str)]
            return "/".join(known) or None
    return None
