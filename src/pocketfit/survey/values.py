"""The values of expressions that can be known without running them: literals, constants, defaults of options."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pocketfit.survey.code import Code, Source
from pocketfit.survey.options import UNKNOWN, options_of

if TYPE_CHECKING:
    import griffe

MOST_STEPS = 25
OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
}
# Larger numbers and texts are no argument of a model.
MOST_LETTERS, LARGEST = 200, 10**12


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: its file, the function around it with its parameters' values, and a class."""

    source: Source
    function: ast.FunctionDef | ast.AsyncFunctionDef | None = None
    bound: Mapping[str, Any] = field(default_factory=dict)
    owner: griffe.Class | None = None


def value_of(code: Code, node: ast.AST | None, scope: Scope, steps: int = MOST_STEPS) -> Any:
    """The value of an expression, or UNKNOWN."""
    if steps == 0:
        return UNKNOWN

    def inner(part: ast.AST | None) -> Any:
        return value_of(code, part, scope, steps - 1)

    match node:
        case ast.Constant(value=value):
            return value
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            values = [inner(part) for part in parts]
            return UNKNOWN if any(value is UNKNOWN for value in values) else values
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = inner(operand)
            return -value if _is_number(value) else UNKNOWN
        case ast.BinOp(left=left, op=op, right=right):
            return _calculated(op, inner(left), inner(right))
        case ast.Call(func=ast.Name(id="len"), args=[argument]):
            return _length(code, argument, scope)
        case ast.Call(func=ast.Name(id="int" | "float" | "str" as name), args=[argument]):
            return _converted(name, inner(argument))
        case ast.BoolOp(op=ast.Or(), values=[first, *_]):
            return inner(first)
        case ast.Name(id=name) if name in scope.bound:
            return scope.bound[name]
        case ast.Name(id=name):
            return _of_name(code, name, node, scope, steps)
        case ast.Attribute(attr=name):
            return _of_attribute(code, name, node, scope, steps)
    return UNKNOWN


def assigned(function: ast.AST, name: str, before: int | None = None) -> ast.expr | None:
    """What a local variable was last given in the lines before `before`, where that is one expression."""
    values = _assignments(function).get(name, ())
    return next((value for value in reversed(values) if before is None or value.lineno < before), None)


@lru_cache(maxsize=10_000)
def _assignments(function: ast.AST) -> Mapping[str, Sequence[ast.expr]]:
    """The values that each variable is given, in the order of the lines."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for name in _targets(node):
                found.setdefault(name, []).append(node.value)
    return {name: sorted(values, key=lambda value: value.lineno) for name, values in found.items()}


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.expr | None]]:
    """Each named parameter with its default."""
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    yield from zip((arg.arg for arg in plain), [*defaults, *arguments.defaults], strict=True)
    yield from zip((arg.arg for arg in arguments.kwonlyargs), arguments.kw_defaults, strict=True)


def _of_name(code: Code, name: str, node: ast.Name, scope: Scope, steps: int) -> Any:
    if scope.function is not None:
        value = assigned(scope.function, name, node.lineno)
        if value is not None:
            return value_of(code, value, scope, steps - 1)
        defaults = dict(parameters(scope.function))
        if name in defaults:
            known = options_of(scope.source).get(name, UNKNOWN)
            return known if defaults[name] is None else value_of(code, defaults[name], Scope(scope.source), steps - 1)
    return _constant(code, node, scope, steps)


def _of_attribute(code: Code, name: str, node: ast.Attribute, scope: Scope, steps: int) -> Any:
    import griffe

    value = _constant(code, node, scope, steps)
    holder = code.meaning(node.value, scope.source)
    if value is not UNKNOWN or not (holder is None or isinstance(holder, griffe.Attribute)):
        return value
    # args.width, self.args.width, cfg.width: an option of this script, else of the only one that has it.
    own = options_of(scope.source)
    if name in own:
        return own[name]
    known = [options[name] for source in code.sources.values() if name in (options := options_of(source))]
    return known[0] if len({repr(value) for value in known}) == 1 else UNKNOWN


def _constant(code: Code, node: ast.AST, scope: Scope, steps: int) -> Any:
    """The value of a constant of a module or class, wherever it was imported from."""
    import griffe

    found = code.meaning(node, scope.source)
    if not isinstance(found, griffe.Attribute):
        return UNKNOWN
    source = code.source_of(found)
    inside = found.path.removeprefix(f"{source.module.path}.").split(".")
    holder = source.definitions.get(".".join(inside[:-1]), source.tree)
    value = next(
        (
            statement.value
            for statement in holder.body
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and inside[-1] in _targets(statement)
        ),
        None,
    )
    return value_of(code, value, Scope(source), steps - 1)


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _length(code: Code, node: ast.AST, scope: Scope) -> Any:
    import griffe

    value = value_of(code, node, scope)
    if isinstance(value, (list, str)):
        return len(value)
    found = code.meaning(node, scope.source)
    # A dict or set of names, and a list of things that are not known, still have a length.
    if isinstance(found, griffe.Attribute):
        try:
            return len(ast.literal_eval(str(found.value)))
        except (ValueError, TypeError, SyntaxError):
            return UNKNOWN
    return UNKNOWN


def _calculated(op: ast.operator, left: Any, right: Any) -> Any:
    if type(op) not in OPERATORS or not (_is_number(left) and _is_number(right)):
        return UNKNOWN
    try:
        value = OPERATORS[type(op)](left, right)
    except (ArithmeticError, ValueError):
        return UNKNOWN
    return value if abs(value) < LARGEST else UNKNOWN


def _converted(name: str, value: Any) -> Any:
    try:
        return {"int": int, "float": float, "str": str}[name](value)
    except (TypeError, ValueError):
        return UNKNOWN


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_writable(value: Any) -> bool:
    """Whether TOML can hold it as an argument."""
    if isinstance(value, (list, tuple)):
        return all(map(is_writable, value))
    if isinstance(value, str):
        return len(value) <= MOST_LETTERS and value.isprintable()
    return isinstance(value, bool) or (_is_number(value) and abs(value) < LARGEST)
