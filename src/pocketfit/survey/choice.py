"""Which of a repository's modules are its models: those that scripts use, and not their layers, losses and bases."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.survey.arguments import Arguments, arguments_of, bound_values, constructor
from pocketfit.survey.classes import can_run, is_loss_class, is_module, is_named_like_a_part
from pocketfit.survey.code import Code
from pocketfit.survey.inputs.guess import Inputs, inputs_of
from pocketfit.survey.loading import read_by
from pocketfit.survey.makers import Made, is_named_like_a_script, maker_of
from pocketfit.survey.uses import Use, Uses, find_uses
from pocketfit.survey.values import UNKNOWN, Scope

if TYPE_CHECKING:
    import griffe

# A zoo of more has a favourite that only its owner knows.
MOST_MODELS = 10


@dataclass(frozen=True)
class Candidate:
    """Something that can be called and gives a model: a class, a function, or a classmethod.

    `lacking` counts what its code reads that is not in the repository; `loads` says that it reads weights which are.
    """

    found: griffe.Class | griffe.Function
    made: Made
    arguments: Arguments
    used: bool
    loads: bool = False
    lacking: int = 0

    @property
    def is_class(self) -> bool:
        return bool(self.found.is_class)

    def order(self) -> tuple[Any, ...]:
        """The best first: what needs nothing of the user's before what does."""
        arguments = self.arguments
        return (
            len(arguments.unknown),
            len(arguments.to_fill),
            self.lacking,
            len(arguments.objects) + len(arguments.namespaces),
            not self.loads,
            not self.used,
            not self.made.with_inputs,
            self.is_class,
        )


@dataclass(frozen=True)
class Chosen:
    """A model, with its inputs where those do not come with it."""

    candidate: Candidate
    inputs: Inputs | None


def choose(code: Code, root: Path) -> tuple[tuple[Chosen, ...], tuple[str, ...]]:
    """The models, in the order of the files, and the names of those that were seen too."""
    uses = find_uses(code)
    groups = _groups(code, root, uses)
    making = {one.found.module.path for group in groups.values() for one in group if not one.is_class}
    ranked = {key: _rank(code, group, uses, making) for key, group in groups.items()}
    best = min(ranked.values(), default=None)
    chosen: list[Candidate] = []
    others: list[str] = []
    for key, group in groups.items():
        picked = _pick(group, uses)
        (chosen.extend if ranked[key] == best else lambda left: others.extend(one.found.name for one in left))(picked)
    others += [one.found.name for one in chosen[MOST_MODELS:]]
    return tuple(Chosen(one, _inputs(code, one)) for one in chosen[:MOST_MODELS]), tuple(dict.fromkeys(others))


def _inputs(code: Code, candidate: Candidate) -> Inputs | None:
    if candidate.made.with_inputs:
        return None
    made = candidate.made
    if isinstance(made.target, str):
        return inputs_of(code, made, {})
    above = constructor(code, made.target)
    if above is None:
        return inputs_of(code, made, {})
    inside = Scope(code.source_of(above[0]), owner=made.target)
    bound = bound_values(code, above[1], made.call, made.scope, inside)
    values = candidate.arguments.values
    if candidate.is_class:
        # What is filled in by hand is not known yet.
        bound = {**bound, **values, **dict.fromkeys(candidate.arguments.to_fill, UNKNOWN)}
    return inputs_of(code, made, bound)


def _groups(code: Code, root: Path, uses: Uses) -> dict[str, list[Candidate]]:
    """All that can be called, by the class that it makes; what makes a library's model stands for itself."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in _candidates(code, root, uses):
        target = candidate.made.target
        key = candidate.found.path if isinstance(target, str) else target.path
        groups.setdefault(key, []).append(candidate)
    return groups


def _candidates(code: Code, root: Path, uses: Uses) -> Iterator[Candidate]:
    import griffe

    for source in code.sources.values():
        for name in source.definitions:
            found = code.follow(f"{source.module.path}.{name}")
            if isinstance(found, griffe.Class) and "." not in name:
                if is_module(code, found) and can_run(code, found) and not is_loss_class(code, found):
                    yield _of_class(code, found, uses)
            elif isinstance(found, griffe.Function) and _is_candidate(found) and (made := maker_of(code, found)):
                if not isinstance(made.target, str) and (
                    is_loss_class(code, made.target) or not can_run(code, made.target)
                ):
                    continue
                yield _of_function(code, root, found, made, uses)


def _is_candidate(function: griffe.Function) -> bool:
    if is_named_like_a_script(function.name):
        return False
    if function.parent is not None and function.parent.is_class:
        return "classmethod" in function.labels or "staticmethod" in function.labels
    return True


def _of_class(code: Code, found: griffe.Class, uses: Uses) -> Candidate:
    calls = _calls_of(found.path, uses)
    above = constructor(code, found)
    inside = Scope(code.source_of(above[0] if above else found), owner=found)
    arguments = arguments_of(code, above[1] if above else None, inside, calls, skip_first=True)
    made = Made(found, None, Scope(code.source_of(found)))
    return Candidate(found, made, arguments, _is_used(found.path, uses))


def _of_function(code: Code, root: Path, found: griffe.Function, made: Made, uses: Uses) -> Candidate:
    definition = code.definition(found)
    assert isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef))
    skipped = "classmethod" in found.labels
    source = code.source_of(found)
    arguments = arguments_of(code, definition, Scope(source), _calls_of(found.path, uses), skip_first=skipped)
    known = bound_values(code, definition, None, made.scope, Scope(source), skip_first=skipped)
    known |= dict(arguments.values)
    if made.scope.function is definition:
        made = replace(made, scope=replace(made.scope, bound=known))
    files = read_by(code, definition, Scope(source, definition, known))
    there = [file for file in files if (root / file).is_file() or (root / source.path.parent / file).is_file()]
    return Candidate(found, made, arguments, _is_used(found.path, uses), bool(there), len(files) - len(there))


def _calls_of(path: str, uses: Uses) -> list[Use]:
    """The calls of something: those of scripts first, then of functions that hand it on."""
    own = sorted(uses.scripts.get(path, []), key=lambda use: not use.strong)
    return [*own, *(use for _, use in uses.makers.get(path, []))]


def _is_used(path: str, uses: Uses) -> bool:
    return any(use.strong for use in uses.scripts.get(path, []))


def _rank(code: Code, group: Sequence[Candidate], uses: Uses, making: set[str]) -> int:
    """How surely a group is a model: 0 is one that scripts use. `making` are the modules with functions that make one,
    beside which a class that nobody makes is something else.
    """
    import griffe

    used = any(candidate.used for candidate in group)
    target = group[0].made.target
    path = target.path if isinstance(target, griffe.Class) else ""
    part = path in uses.parts or all(one.found.path in uses.parts for one in group)
    part_named = isinstance(target, griffe.Class) and is_named_like_a_part(target)
    wraps = all(one.arguments.module for one in group)
    if wraps:
        return 5
    if used:
        return 2 if part_named else 0
    if part:
        return 4
    if any(not one.is_class for one in group):
        return 1
    return 3 if part_named or path in uses.parents or group[0].found.module.path in making else 1


def _pick(group: Sequence[Candidate], uses: Uses) -> list[Candidate]:
    """One of those that make the same class, or several functions where each makes it in its own way."""
    best = min(group, key=Candidate.order)
    if best.is_class or best.used or best.loads:
        return [best]
    inner = {
        path for one in group for path, calls in uses.makers.items() if any(name == one.found.path for name, _ in calls)
    }
    functions = [one for one in group if not one.is_class and one.found.path not in inner]
    ways: dict[str, Candidate] = {}
    for one in sorted(functions, key=Candidate.order):
        ways.setdefault(_way(one), one)
    alike = [one for one in ways.values() if one.order()[:3] == best.order()[:3]]
    return [one for one in group if one in alike] or [best]


def _way(candidate: Candidate) -> str:
    """How a function calls the class that it makes."""
    call = candidate.made.call
    return ast.dump(ast.Call(ast.Name("made"), call.args, call.keywords)) if call is not None else candidate.found.path
