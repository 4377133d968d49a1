"""Who calls a repository's modules and what makes them: scripts, other modules, or functions that hand them on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pocketfit.survey.classes import can_run, is_module, lineage
from pocketfit.survey.code import Code, Source
from pocketfit.survey.makers import is_named_like_a_script, maker_of
from pocketfit.survey.values import Scope

if TYPE_CHECKING:
    import griffe

    Named = griffe.Class | griffe.Function

# What a file does that trains, exports or serves a model, where a model's own file may still try it out.
SCRIPT = re.compile(
    r"\bargparse\b|\bclick\b|\btyper\b|\.backward\(|\btorch\.onnx\b|\btorch\.jit\.|\btorch\.export\b|\btorch\.save\("
    r"|\bload_state_dict\(|\bDataLoader\(|\bTrainer\("
)
DATA = re.compile(r"(Dataset|DataModule|Transform|Sampler|Loader)")


@dataclass(frozen=True)
class Use:
    """A call of a class or function; `strong` where a script makes it, not a module's own file that tries it out."""

    call: ast.Call
    scope: Scope
    strong: bool


@dataclass
class Uses:
    """Each by the dotted name of what is called. `parts` are made by other modules, `inner` by functions that hand a
    module on, and `parents` are bases of others.
    """

    scripts: dict[str, list[Use]] = field(default_factory=dict)
    makers: dict[str, list[tuple[str, Use]]] = field(default_factory=dict)
    parts: set[str] = field(default_factory=set)
    parents: set[str] = field(default_factory=set)


def find_uses(code: Code) -> Uses:
    """Look through every file once."""
    uses = Uses()
    for source in code.sources.values():
        is_script = SCRIPT.search(ast.unparse(source.tree)) is not None
        for call, function, owner, name in _calls(code, source):
            found = code.meaning(call.func, source)
            _note_arguments(code, call, source, owner, uses)
            if found is None or isinstance(found, str) or not (found.is_class or found.is_function):
                continue
            use = Use(call, Scope(source, function, owner=owner), is_script or found.module.path != source.module.path)
            _note(code, found.path, use, owner, name, uses)
        _note_parents(code, source, uses)
    return uses


def _note(code: Code, path: str, use: Use, owner: griffe.Class | None, name: str, uses: Uses) -> None:
    import griffe

    if owner is not None and is_module(code, owner):
        if owner.path == path:
            return
        if can_run(code, owner):
            uses.parts.add(path)
            return
    elif owner is not None and any(DATA.search(each) for each in (owner.name, *lineage(code, owner)[1])):
        uses.parts.add(path)
        return
    maker = code.follow(f"{use.scope.source.module.path}.{name}") if name else None
    if isinstance(maker, griffe.Function) and not is_named_like_a_script(maker.name) and maker_of(code, maker):
        uses.makers.setdefault(path, []).append((maker.path, use))
        return
    uses.scripts.setdefault(path, []).append(use)


def _note_arguments(code: Code, call: ast.Call, source: Source, owner: griffe.Class | None, uses: Uses) -> None:
    """A class that is passed on, as BasicBlock is to ResNet, is a part."""
    for node in (*call.args, *(keyword.value for keyword in call.keywords)):
        found = code.meaning(node, source)
        if found is not None and not isinstance(found, str) and found.is_class:
            uses.parts.add(found.path)


def _note_parents(code: Code, source: Source, uses: Uses) -> None:
    for definition in source.definitions.values():
        for node in definition.bases if isinstance(definition, ast.ClassDef) else ():
            found = code.meaning(node.value if isinstance(node, ast.Subscript) else node, source)
            if found is not None and not isinstance(found, str):
                uses.parents.add(found.path)


def _calls(
    code: Code, source: Source
) -> Iterator[tuple[ast.Call, ast.FunctionDef | ast.AsyncFunctionDef | None, griffe.Class | None, str]]:
    """Every call with the function and class around it, and the dotted name of the outermost of these."""

    def walk(
        node: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef | None, owner: griffe.Class | None, name: str
    ) -> Iterator[tuple[ast.Call, ast.FunctionDef | ast.AsyncFunctionDef | None, griffe.Class | None, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef) and function is None:
                inner = f"{name}.{child.name}" if name else child.name
                found = code.follow(f"{source.module.path}.{inner}")
                is_class = not isinstance(found, str) and found.is_class
                yield from walk(child, None, found if is_class else owner, inner)  # type: ignore[arg-type]
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and function is None:
                yield from walk(child, child, owner, f"{name}.{child.name}" if name else child.name)
            else:
                if isinstance(child, ast.Call):
                    yield child, function, owner, name
                yield from walk(child, function, owner, name)

    yield from walk(source.tree, None, None, "")
