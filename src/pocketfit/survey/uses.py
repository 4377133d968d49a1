"""Who calls a repository's modules and what makes them: scripts, other modules, or functions that hand them on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pocketfit.survey.classes import can_run, constructor, is_module, lineage
from pocketfit.survey.code import Code, Source
from pocketfit.survey.makers import handed_on, is_named_like_a_script, made_by
from pocketfit.survey.values import Scope, parameters

if TYPE_CHECKING:
    import griffe

    Named = griffe.Class | griffe.Function

# What a file does that trains, exports or serves a model, where a model's own file may still try it out.
SCRIPT = re.compile(
    r"\bargparse\b|\bclick\b|\btyper\b|\.backward\(|\btorch\.onnx\b|\btorch\.jit\.|\btorch\.export\b|\btorch\.save\("
    r"|\bload_state_dict\(|\bDataLoader\(|\bTrainer\("
)
# What a wrapper calls the model that it is given.
WRAPPED = frozenset({"model", "net", "module", "network", "inner", "wrapped"})
DATA = re.compile(r"(Dataset|DataModule|Transform|Sampler|Loader)")


@dataclass(frozen=True)
class Use:
    """A call of a class or function; `strong` where a script makes it, not a module's own file that tries it out."""

    call: ast.Call
    scope: Scope
    strong: bool


@dataclass
class Uses:
    """Each by the dotted name of what is called. `makers` are functions that hand a module on, and `results` its class.
    `parts` are made by other modules, `handed` are given to the constructors of others, and `parents` are their bases.
    """

    scripts: dict[str, list[Use]] = field(default_factory=dict)
    makers: dict[str, list[tuple[str, Use]]] = field(default_factory=dict)
    parts: set[str] = field(default_factory=set)
    handed: set[str] = field(default_factory=set)
    results: dict[str, str] = field(default_factory=dict)
    parents: set[str] = field(default_factory=set)

    def are_strong(self, path: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a script uses something, or a function that hands it on."""
        if any(use.strong for use in self.scripts.get(path, ())):
            return True
        if path in self.parts:
            return False
        makers = {maker for maker, _ in self.makers.get(path, ())} - seen
        own = (path, self.results.get(path))
        through = {maker for maker in makers if self.results.get(maker) in own}
        return any(self.are_strong(maker, seen | through | {path}) for maker in through)


def find_uses(code: Code) -> Uses:
    """Look through every file once."""
    uses = Uses()
    for source in code.sources.values():
        is_script = SCRIPT.search(source.text) is not None
        for call, function, owner, name in _calls(code, source):
            found = code.meaning(call.func, source)
            _note_arguments(code, call, Scope(source, function, owner=owner), uses)
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
    is_maker = isinstance(maker, griffe.Function) and not is_named_like_a_script(maker.name)
    made = handed_on(code, maker) if is_maker else None  # type: ignore[arg-type]
    if made is not None and maker is not None and not isinstance(maker, str):
        uses.makers.setdefault(path, []).append((maker.path, use))
        if isinstance(made.target, griffe.Class):
            uses.results[maker.path] = made.target.path
        return
    uses.scripts.setdefault(path, []).append(use)


def _note_arguments(code: Code, call: ast.Call, scope: Scope, uses: Uses) -> None:
    """What is passed on is a part: BasicBlock to ResNet, a backbone to its detector, not a model to its wrapper."""
    import griffe

    called = code.meaning(call.func, scope.source)
    for name, node in [("", node) for node in call.args] + [(word.arg or "", word.value) for word in call.keywords]:
        found = code.meaning(node, scope.source)
        if isinstance(found, griffe.Class):
            uses.parts.add(found.path)
        elif isinstance(called, griffe.Class) and isinstance(node, (ast.Name, ast.Call)) and is_module(code, called):
            made = made_by(code, node, scope)
            if made is not None and isinstance(made.target, griffe.Class) and not _wraps(code, called, name):
                uses.handed.add(made.target.path)


def _wraps(code: Code, found: griffe.Class, name: str) -> bool:
    """Whether a class takes a whole model, by the name of its argument."""
    made = constructor(code, found)
    names = [each for each, _ in parameters(made[1])][1:2] if made else []
    return (name or next(iter(names), "")) in WRAPPED


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
