"""What a call gives to the parameters of a function."""

from __future__ import annotations

import ast
from typing import Any

from pocketfit.survey.code import Code
from pocketfit.survey.options import UNKNOWN
from pocketfit.survey.values import Scope, parameters, value_of

Function = ast.FunctionDef | ast.AsyncFunctionDef


def bind(function: Function | None, call: ast.Call, *, skip_first: bool) -> dict[str, ast.expr]:
    """The expressions that a call gives to each parameter."""
    names = [name for name, _ in parameters(function)][skip_first:] if function else []
    given: dict[str, ast.expr] = {}
    for name, node in zip(names, call.args, strict=False):
        if isinstance(node, ast.Starred):
            break
        given[name] = node
    return given | {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}


def bound_values(
    code: Code,
    function: Function | None,
    call: ast.Call | None,
    scope: Scope,
    inside: Scope,
    *,
    skip_first: bool = True,
) -> dict[str, Any]:
    """The values of a function's parameters in a call, defaults among them; those that can't be known are UNKNOWN."""
    if function is None:
        return {}
    given = bind(function, call, skip_first=skip_first) if call is not None else {}
    return {
        name: value_of(code, given[name], scope)
        if name in given
        else (value_of(code, default, Scope(inside.source)) if default is not None else UNKNOWN)
        for name, default in list(parameters(function))[skip_first:]
    }
