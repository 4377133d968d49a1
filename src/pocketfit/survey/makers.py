"""What an expression or a function makes: a module of the repository's or of a library's, or nothing of the kind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pocketfit.survey.binding import bound_values
from pocketfit.survey.classes import is_module
from pocketfit.survey.code import Code
from pocketfit.survey.libraries import AROUND, CHAINED, CLASSMETHODS, is_loss, is_module_class, makes_model
from pocketfit.survey.values import MOST_STEPS, Scope, assigned, parameters

if TYPE_CHECKING:
    import griffe

# The first of a pair is then the module, and the second its inputs.
TENSORS = frozenset({"rand", "randn", "ones", "zeros", "randint", "empty", "tensor", "full", "arange", "from_numpy"})
# They make a model on the way to something else.
VERBS = ("train", "fit", "main", "run", "eval", "test", "_", "export", "convert", "infer", "predict", "benchmark")


@dataclass(frozen=True)
class Made:
    """A module: its class, or the dotted name of a library's, and the call that makes it where that is known.

    `with_inputs` says that its inputs come with it; `scope` is where the call stands.
    """

    target: griffe.Class | str
    call: ast.Call | None
    scope: Scope
    with_inputs: bool = False


def made_by(code: Code, node: ast.AST | None, scope: Scope, steps: int = MOST_STEPS) -> Made | None:
    """The module that an expression gives, or None."""
    if steps == 0:
        return None
    match node:
        case ast.Call():
            return _made_by_call(code, node, scope, steps - 1)
        case ast.Name(id=name):
            return made_by(code, assigned(scope.function or scope.source.tree, name, node.lineno), scope, steps - 1)
        case ast.IfExp(body=body, orelse=other):
            return made_by(code, body, scope, steps - 1) or made_by(code, other, scope, steps - 1)
        case ast.Attribute(value=value):
            # A part of it, such as resnet18().features.
            return made_by(code, value, scope, steps - 1)
    return None


def maker_of(code: Code, function: griffe.Function, steps: int = MOST_STEPS) -> Made | None:
    """The module that a function or classmethod of the repository returns, or None."""
    import griffe

    definition = code.definition(function)
    if not isinstance(definition, ast.FunctionDef):
        return None
    owner = function.parent if isinstance(function.parent, griffe.Class) else None
    scope = Scope(code.source_of(function), definition, owner=owner)
    for value in _returned(definition):
        if isinstance(value, ast.Tuple) and len(value.elts) == 2:
            first = made_by(code, value.elts[0], scope, steps)
            annotated = _annotated(code, definition, scope)
            if (first or annotated) and _are_inputs(value.elts[1], scope):
                return replace(first or Made(str(annotated), None, scope), with_inputs=True)
            return None
        if found := made_by(code, value, scope, steps):
            return found
    target = _annotated(code, definition, scope)
    if target is None or _takes_module(code, definition, scope):
        return None
    return Made(target, None, scope, isinstance(definition.returns, ast.Subscript))


def handed_on(code: Code, function: griffe.Function) -> Made | None:
    """The module that a function returns, alone or as the first of several things."""
    definition = code.definition(function)
    if (made := maker_of(code, function)) or not isinstance(definition, ast.FunctionDef):
        return made
    scope = Scope(code.source_of(function), definition)
    tuples = (value.elts[0] for value in _returned(definition) if isinstance(value, ast.Tuple) and value.elts)
    return next((made for first in tuples if (made := made_by(code, first, scope))), None)


def is_named_like_a_script(name: str) -> bool:
    return name.startswith(VERBS)


def _made_by_call(code: Code, call: ast.Call, scope: Scope, steps: int) -> Made | None:
    import griffe

    function = call.func
    if isinstance(function, ast.Name) and function.id == "cls" and scope.owner is not None:
        return Made(scope.owner, call, scope) if is_module(code, scope.owner) else None
    meaning = code.meaning(function, scope.source)
    if isinstance(meaning, griffe.Class):
        return Made(meaning, call, scope) if is_module(code, meaning) else None
    if isinstance(meaning, griffe.Function):
        made = _called(code, meaning, call, scope, steps)
        # One that changes what it is given, and gives it back.
        return made or (made_by(code, call.args[0], scope, steps) if call.args and _gives_back(code, meaning) else None)
    if isinstance(meaning, str):
        if meaning in AROUND:
            return made_by(code, call.args[0], scope, steps) if call.args else None
        if meaning == "torch.nn.Sequential" and _is_only_given(call, scope):
            return None
        if makes_model(meaning) or (is_module_class(meaning) and not is_loss(meaning)):
            return Made(meaning, call, scope)
    return _made_by_method(code, call, function, scope, steps)


def _is_only_given(call: ast.Call, scope: Scope) -> bool:
    """Whether a function does no more than put together what it is given: Sequential(*layers)."""
    given = scope.function.args.vararg if scope.function else None
    return given is not None and [getattr(getattr(node, "value", None), "id", "") for node in call.args] == [given.arg]


def _called(code: Code, function: griffe.Function, call: ast.Call, scope: Scope, steps: int) -> Made | None:
    """What a function of the repository makes in a call, with what the call gives it."""
    made, definition = maker_of(code, function, steps), code.definition(function)
    if made is None or made.scope.function is not definition:
        return made
    assert isinstance(definition, ast.FunctionDef)
    skipped = "classmethod" in function.labels
    inside = Scope(code.source_of(function))
    bound = bound_values(code, definition, call, scope, inside, skip_first=skipped)
    return replace(made, scope=replace(made.scope, bound=bound))


def _made_by_method(code: Code, call: ast.Call, function: ast.expr, scope: Scope, steps: int) -> Made | None:
    import griffe

    if isinstance(function, ast.Attribute):
        if function.attr in CHAINED:
            return made_by(code, function.value, scope, steps)
        holder = code.meaning(function.value, scope.source)
        if function.attr in CLASSMETHODS and isinstance(holder, griffe.Class) and is_module(code, holder):
            return Made(holder, call, scope)
    if isinstance(function, ast.Subscript):
        return _made_by_table(code, function.value, call, scope)
    if isinstance(function, ast.Call) and getattr(function.func, "id", "") == "getattr" and function.args:
        library = code.meaning(function.args[0], scope.source)
        if library == "torchvision.models":
            return Made("torchvision.models", call, scope)
    return None


def _made_by_table(code: Code, table: ast.expr, call: ast.Call, scope: Scope) -> Made | None:
    """MODELS["small"](): whatever is first in it stands for all."""
    import griffe

    found = code.meaning(table, scope.source)
    if not isinstance(found, griffe.Attribute):
        return None
    source = code.source_of(found)
    for statement in source.tree.body:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Dict) and found.name in {
            getattr(one, "id", "") for one in getattr(statement, "targets", ())
        }:
            for entry in value.values:
                meaning = code.meaning(entry, source)
                if isinstance(meaning, griffe.Class) and is_module(code, meaning):
                    return Made(meaning, call, scope)
                if isinstance(meaning, griffe.Function) and (made := maker_of(code, meaning)):
                    return made
    return None


def _returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """The values that a function returns, not those of functions inside it; the last first, which is the usual end."""
    waiting: list[ast.AST] = list(function.body)
    found: list[ast.expr] = []
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Return) and node.value is not None:
            found.append(node.value)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    yield from sorted(found, key=lambda value: -value.lineno)


def _gives_back(code: Code, function: griffe.Function) -> bool:
    definition = code.definition(function)
    if not isinstance(definition, ast.FunctionDef):
        return False
    names = [name for name, _ in parameters(definition)]
    return any(isinstance(value, ast.Name) and value.id in names[:1] for value in map(_bare, _returned(definition)))


def _bare(node: ast.expr) -> ast.expr:
    """What is left of model.eval() and the like: the model."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHAINED:
        node = node.func.value
    return node


def _annotated(code: Code, function: ast.FunctionDef, scope: Scope) -> griffe.Class | str | None:
    """The module's class by the annotation of what is returned, alone or first of a pair."""
    note: ast.expr | None = function.returns
    if isinstance(note, ast.Constant) and isinstance(note.value, str):
        try:
            note = ast.parse(note.value, mode="eval").body
        except SyntaxError:
            return None
    if isinstance(note, ast.Subscript) and isinstance(note.slice, ast.Tuple) and len(note.slice.elts) == 2:
        note = note.slice.elts[0]
    return _class_of(code, note, scope)


def _class_of(code: Code, note: ast.AST | None, scope: Scope) -> griffe.Class | str | None:
    import griffe

    meaning = code.meaning(note, scope.source) if note is not None else None
    if isinstance(meaning, griffe.Class):
        return meaning if is_module(code, meaning) else None
    return meaning if isinstance(meaning, str) and is_module_class(meaning) else None


def _takes_module(code: Code, function: ast.FunctionDef, scope: Scope) -> bool:
    """Whether it is given a module, and so only changes or wraps it."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return any(arg.arg in ("model", "net", "module") or _class_of(code, arg.annotation, scope) for arg in arguments)


def _are_inputs(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is a tensor or a tuple of them, by how it is made."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return bool(node.elts) and all(_are_inputs(part, scope) or isinstance(part, ast.Name) for part in node.elts)
    if isinstance(node, ast.Name) and scope.function is not None:
        value = assigned(scope.function, node.id, node.lineno)
        return value is not None and _are_inputs(value, scope)
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") in TENSORS
