"""Arguments that are objects of the repository's own classes, such as a configuration, and how to make them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pocketfit.survey.classes import constructor
from pocketfit.survey.code import Code
from pocketfit.survey.options import UNKNOWN
from pocketfit.survey.values import Scope, assigned, is_writable, parameters, value_of

if TYPE_CHECKING:
    import griffe


@dataclass(frozen=True)
class Constructed:
    """An object: its class, and the arguments that are known of the call that makes it."""

    found: griffe.Class
    values: Mapping[str, Any]


def constructed(
    code: Code, name: str, note: ast.expr | None, inside: Scope, given: Iterable[tuple[ast.expr, Scope]]
) -> Constructed | None:
    """The object for a parameter: as a call gives it, else by the parameter's annotation, else by `config_class`.

    None where it needs arguments that are not known.
    """
    for node, scope in given:
        value: ast.AST | None = node
        if isinstance(node, ast.Name):
            value = assigned(scope.function or scope.source.tree, node.id, node.lineno)
        if isinstance(value, ast.Call) and not value.args and (made := _made(code, value.func, scope, value)):
            return made
    places: list[ast.AST | None] = [note]
    if name in ("config", "cfg") and inside.owner is not None:
        definition = code.definition(inside.owner)
        places += [
            statement.value
            for statement in (definition.body if definition else ())
            if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "config_class"
        ]
    return next((made for place in places if place is not None and (made := _made(code, place, inside))), None)


def _made(code: Code, node: ast.AST, scope: Scope, call: ast.Call | None = None) -> Constructed | None:
    import griffe

    found = code.meaning(node, scope.source)
    if not isinstance(found, griffe.Class):
        return None
    given = {word.arg: value_of(code, word.value, scope) for word in call.keywords if word.arg} if call else {}
    values = {name: value for name, value in given.items() if value is not UNKNOWN and is_writable(value)}
    return Constructed(found, values) if _needed_by(code, found) <= set(values) else None


def _needed_by(code: Code, found: griffe.Class) -> set[str]:
    """The arguments that a class can't be made without."""
    if made := constructor(code, found):
        return {name for name, default in list(parameters(made[1]))[1:] if default is None}
    # griffe knows a dataclass's own.
    return {parameter.name for parameter in found.parameters if parameter.required and parameter.name != "self"}
