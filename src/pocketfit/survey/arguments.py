"""The arguments that a class or function needs, with the values that the repository's own code gives them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pocketfit.survey.binding import Function, bind
from pocketfit.survey.code import Code
from pocketfit.survey.makers import made_by
from pocketfit.survey.objects import Constructed, constructed
from pocketfit.survey.options import UNKNOWN, options_of
from pocketfit.survey.uses import Use
from pocketfit.survey.values import Scope, assigned, is_writable, parameters, value_of

if TYPE_CHECKING:
    pass

# What stands for a value that only the user knows, by the annotation's name.
EMPTY: Mapping[str, Any] = {"str": "", "int": 0, "float": 0.0, "bool": False, "list": [], "tuple": [], "Sequence": []}
# What scripts call their parsed options.
PARSED = frozenset({"args", "opt", "opts", "options", "flags", "FLAGS"})
OBJECTS = frozenset({"args", "cfg", "config", "opt", "opts", "hparams", "params", "model", "net", "backbone"})
COUNTS = (
    "num",
    "n_",
    "size",
    "channels",
    "dim",
    "classes",
    "features",
    "width",
    "depth",
    "hidden",
    "layers",
    "count",
    "planes",
)


@dataclass(frozen=True)
class Arguments:
    """Arguments by name: values; what the user must fill in, with an empty value; objects of classes of the repository
    that need no arguments themselves; and namespaces, as argparse makes them of a script's options. `module` says that
    it is given another module, `unknown` names what nobody can write, and `seen_in` where the values are from.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    to_fill: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, Constructed] = field(default_factory=dict)
    namespaces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    module: bool = False
    seen_in: str = ""


def arguments_of(
    code: Code, function: Function | None, inside: Scope, uses: Sequence[Use], *, skip_first: bool
) -> Arguments:
    """What to write for a callable, by how the repository's own code calls it; `inside` is where it is defined."""
    if function is None:
        return Arguments()
    needed = list(parameters(function))[skip_first:]
    values: dict[str, Any] = {}
    to_fill: dict[str, Any] = {}
    objects: dict[str, Constructed] = {}
    namespaces: dict[str, Mapping[str, Any]] = {}
    unknown: list[str] = []
    module = False
    seen_in = ""
    notes = {
        arg.arg: arg.annotation for arg in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    }
    for name, default in needed:
        given = [
            (node, use.scope) for use in uses if (node := bind(function, use.call, skip_first=skip_first).get(name))
        ]
        known = ((value_of(code, node, scope), node, scope) for node, scope in given)
        value, node, scope = next((found for found in known if is_writable(found[0])), (UNKNOWN, None, inside))
        if node is not None:
            if default is None or value != value_of(code, default, Scope(inside.source)):
                values[name] = value
                seen_in = seen_in or f"{scope.source.path}:{node.lineno}"
        elif default is not None:
            continue
        elif name == "device":
            values[name] = "cpu"
        elif any(made_by(code, node, scope) for node, scope in given) or name in ("model", "net", "backbone"):
            module = True
            unknown.append(name)
        elif made := constructed(code, name, notes.get(name), inside, given):
            objects[name] = made
        elif name in OBJECTS and (options := _options(code, given)):
            namespaces[name] = options
        elif not _is_object(function, name) and (empty := _empty(name, notes.get(name))) is not UNKNOWN:
            to_fill[name] = empty
        else:
            unknown.append(name)
    return Arguments(values, to_fill, objects, namespaces, tuple(unknown), module, seen_in)


def _options(code: Code, given: Iterable[tuple[ast.expr, Scope]]) -> dict[str, Any]:
    """The options of the first script that hands them over as a whole, as far as other files read them."""
    for node, scope in given:
        if not isinstance(node, ast.Name):
            continue
        value = assigned(scope.function or scope.source.tree, node.id, node.lineno)
        parsed = isinstance(value, ast.Call) and "parse" in ast.unparse(value.func)
        if (parsed or node.id in PARSED) and (options := options_of(scope.source)):
            read = {name for source in code.sources.values() for name in source.attributes}
            return {
                name: value for name, value in options.items() if name in read and (value is None or is_writable(value))
            }
    return {}


def _is_object(function: Function, name: str) -> bool:
    """Whether a parameter's attributes or entries are read, as a configuration's are."""
    return any(
        isinstance(node, (ast.Attribute, ast.Subscript)) and getattr(node.value, "id", "") == name
        for node in ast.walk(function)
    )


def _empty(name: str, note: ast.expr | None) -> Any:
    """An empty value of the type that an argument seems to have; UNKNOWN where TOML can't write any."""
    kind = note.value if isinstance(note, ast.Subscript) else note
    text = getattr(kind, "id", None) or getattr(kind, "attr", None) or getattr(kind, "value", None)
    if isinstance(text, str) and text in EMPTY:
        return EMPTY[text]
    if note is not None:
        return UNKNOWN
    if name in OBJECTS:
        return UNKNOWN
    return 0 if any(word in name.lower() for word in COUNTS) else ""
