"""Which of a repository's modules are its models: those that scripts use, and not their layers, losses and bases."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.survey.binding import bound_values
from pocketfit.survey.candidates import Candidate, candidates
from pocketfit.survey.classes import constructor, is_named_like_a_part
from pocketfit.survey.code import Code
from pocketfit.survey.inputs.guess import Inputs, inputs_of
from pocketfit.survey.options import UNKNOWN
from pocketfit.survey.uses import Uses, find_uses
from pocketfit.survey.values import Scope

if TYPE_CHECKING:
    pass

# A zoo of more has a favourite that only its owner knows.
MOST_MODELS = 10


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
    for candidate in candidates(code, root, uses):
        target = candidate.made.target
        key = candidate.found.path if isinstance(target, str) else target.path
        groups.setdefault(key, []).append(candidate)
    return groups


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
        return 2 if part_named or path in uses.handed else 0
    if part:
        return 4
    if part_named:
        return 3
    if any(not one.is_class for one in group):
        return 1
    return 3 if path in uses.parents or group[0].found.module.path in making else 1


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
