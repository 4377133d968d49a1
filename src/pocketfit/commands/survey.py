"""Finding a repository's models by reading its Python files: nothing of it is imported or run. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

# The shape of one input, by the first layer that says what it takes; `{0}` is that layer's first number.
SHAPES = {
    "Conv1d": "{{ shape = [1, {0}, 100] }}",
    "Conv2d": "{{ shape = [1, {0}, 224, 224] }}",
    "Conv3d": "{{ shape = [1, {0}, 16, 112, 112] }}",
    "Linear": "{{ shape = [1, {0}] }}",
    "LSTM": "{{ shape = [1, 20, {0}] }}",
    "GRU": "{{ shape = [1, 20, {0}] }}",
    "Embedding": '{{ shape = [1, 16], dtype = "int64" }}',
}
IMAGE = "{ shape = [1, 3, 224, 224] }"


@dataclass(frozen=True)
class Callable:
    """Something that can be called without arguments and gives a module.

    `inputs` are guesses, as in TOML; None where it gives its inputs itself.
    """

    name: str
    inputs: tuple[str, ...] | None = (IMAGE,)


@dataclass
class _File:
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: list[ast.FunctionDef] = field(default_factory=list)


def find_callables(text: str) -> tuple[Callable, ...]:
    """The functions of a file that make a model, then the modules that nothing in it makes; raises SyntaxError."""
    tree = ast.parse(text)
    file = _File()
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(_is_module(base, file.classes) for base in node.bases):
            file.classes[node.name] = node
        elif isinstance(node, ast.FunctionDef):
            file.functions.append(node)
    makers = [maker for function in file.functions if (maker := _maker(function, file))]
    made = {_last(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    parents = {_last(base) for node in file.classes.values() for base in node.bases}
    alone = [
        Callable(name, _inputs(node))
        for name, node in file.classes.items()
        if name not in made | parents and not name.startswith("_") and _needs_nothing(_method(node, "__init__"), 1)
    ]
    return (*makers, *alone)


def _maker(function: ast.FunctionDef, file: _File) -> Callable | None:
    if function.name.startswith(("_", "test")) or not _needs_nothing(function, 0):
        return None
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    pairs = [node.elts[0] for node in returned if isinstance(node, ast.Tuple) and len(node.elts) == 2]
    annotated = _annotated(function, file)
    firsts = [_made(node, file) for node in (pairs or returned)]
    if annotated is None and not any(firsts):
        return None
    if pairs:
        return Callable(function.name, None)
    made = next((name for name in (annotated, *firsts) if name in file.classes), None)
    return Callable(function.name, _inputs(file.classes[made]) if made else (IMAGE,))


def _annotated(function: ast.FunctionDef, file: _File) -> str | None:
    """The module's class by the annotation of what is returned, alone or first of a tuple."""
    note = function.returns
    if isinstance(note, ast.Constant) and isinstance(note.value, str):
        note = ast.parse(note.value, mode="eval").body
    if (
        isinstance(note, ast.Subscript)
        and _last(note.value) in ("tuple", "Tuple")
        and isinstance(note.slice, ast.Tuple)
    ):
        note = note.slice.elts[0]
    return _last(note) if note is not None and _is_module(note, file.classes) else None


def _made(node: ast.expr, file: _File) -> str | None:
    """The class of a module that an expression makes, also where methods such as eval() follow."""
    while isinstance(node, ast.Call):
        if _last(node.func) in file.classes or _last(node.func) == "Sequential":
            return _last(node.func)
        if not isinstance(node.func, ast.Attribute):
            return None
        node = node.func.value
    return None


def _is_module(node: ast.expr, classes: dict[str, ast.ClassDef]) -> bool:
    return _last(node) in ("Module", "LightningModule", "Sequential", *classes)


def _inputs(node: ast.ClassDef) -> tuple[str, ...]:
    """One guess for each argument that forward needs."""
    forward = _method(node, "forward")
    count = max(_required(forward) - 1, 1) if forward else 1
    return (_first_shape(node) or IMAGE,) * count


def _first_shape(node: ast.ClassDef) -> str | None:
    for call in _calls(node):
        shape = SHAPES.get(_last(call.func))
        if shape and call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, int):
            return shape.format(call.args[0].value)
        if shape and _last(call.func) == "Embedding":
            return shape.format()
    return None


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """In the order of the text, which ast.walk does not keep."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child
        yield from _calls(child)


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == name), None)


def _needs_nothing(function: ast.FunctionDef | None, given: int) -> bool:
    return function is None or _required(function) <= given


def _required(function: ast.FunctionDef) -> int:
    """Count the arguments that it can't do without, `self` among them."""
    arguments = function.args
    lone = sum(default is None for default in arguments.kw_defaults)
    return len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults) + lone


def _last(node: ast.expr) -> str:
    """`nn.Module` is called Module."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Constant(value=str(name)):
            return name.rpartition(".")[2]
    return ""
