"""What can be called in a repository and gives a model: classes, functions and classmethods."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.survey.arguments import Arguments, arguments_of
from pocketfit.survey.binding import bound_values
from pocketfit.survey.classes import can_run, constructor, is_loss_class, is_module
from pocketfit.survey.code import Code
from pocketfit.survey.libraries import CLASSMETHODS, is_layer
from pocketfit.survey.loading import read_by
from pocketfit.survey.makers import Made, is_named_like_a_script, maker_of
from pocketfit.survey.uses import Use, Uses
from pocketfit.survey.values import Scope

if TYPE_CHECKING:
    import griffe


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


def candidates(code: Code, root: Path, uses: Uses) -> Iterator[Candidate]:
    """All that can be called and gives a model, in the order of the files."""
    import griffe

    for source in code.sources.values():
        for name in source.definitions:
            found = code.follow(f"{source.module.path}.{name}")
            if isinstance(found, griffe.Class) and "." not in name:
                if _is_model(code, found):
                    yield _of_class(code, found, uses)
            elif isinstance(found, griffe.Function) and _is_candidate(found) and (made := maker_of(code, found)):
                target = made.target
                if not is_layer(target) if isinstance(target, str) else _is_model(code, target):
                    yield _of_function(code, root, found, made, uses)


def _is_model(code: Code, found: griffe.Class) -> bool:
    return is_module(code, found) and can_run(code, found) and not is_loss_class(code, found)


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
    return Candidate(found, made, arguments, uses.are_strong(found.path))


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
    # It reads what is not here, whatever that is called.
    lacking = len(files) - len(there) + (found.name in CLASSMETHODS)
    return Candidate(found, made, arguments, uses.are_strong(found.path), bool(there), lacking)


def _calls_of(path: str, uses: Uses) -> list[Use]:
    """The calls of something: those of scripts first, then of functions that hand it on."""
    own = sorted(uses.scripts.get(path, []), key=lambda use: not use.strong)
    return [*own, *(use for _, use in uses.makers.get(path, []))]
