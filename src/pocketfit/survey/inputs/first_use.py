"""What forward takes as an argument, by what it does first with it, in a class or the modules that it is made of."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pocketfit.survey.binding import bound_values
from pocketfit.survey.classes import constructor, lineage, method_of
from pocketfit.survey.code import Code
from pocketfit.survey.inputs.built import Built
from pocketfit.survey.inputs.flow import Flow, is_super
from pocketfit.survey.inputs.layers import IMAGE, Guess
from pocketfit.survey.makers import Made
from pocketfit.survey.values import Scope, parameters

if TYPE_CHECKING:
    import griffe

MOST_STEPS = 12
# Their models take pictures.
SEEING = ("torchvision.models", "timm.", "efficientnet_pytorch.", "segmentation_models_pytorch.")


def first_use(code: Code, made: Made, name: str | None, bound: Mapping[str, Any]) -> Guess | None:
    """What the argument `name` of forward is, by the first layer that takes it; None where that does not say.

    `bound` has the values of the constructor's arguments.
    """
    if isinstance(made.target, str):
        return _of_library(code, made, MOST_STEPS)
    return _of_class(code, made.target, name, bound, MOST_STEPS)


def _built(code: Code, steps: int) -> Built:
    return Built(code, lambda made, place: _of_made(code, made, place, steps - 1) if steps else None)


def _of_library(code: Code, made: Made, steps: int) -> Guess | None:
    if str(made.target).startswith(SEEING):
        return IMAGE
    is_container = made.call is not None and str(made.target).startswith("torch.nn.")
    return _built(code, steps).takes(made.call, made.scope) if is_container else None


def _of_made(code: Code, made: Made, place: int | None, steps: int) -> Guess | None:
    if isinstance(made.target, str):
        return _of_library(code, made, steps)
    above = constructor(code, made.target)
    inside = Scope(code.source_of(above[0])) if above else made.scope
    bound = bound_values(code, above[1] if above else None, made.call, made.scope, inside)
    forward = method_of(code, made.target, "forward")
    names = [name for name, _ in parameters(forward[1])][1:] if forward else []
    name = names[place] if place is not None and place < len(names) else None
    return _of_class(code, made.target, name, bound, steps)


def _of_class(code: Code, target: griffe.Class, name: str | None, bound: Mapping[str, Any], steps: int) -> Guess | None:
    if not steps:
        return None
    forward = method_of(code, target, "forward")
    if forward is None:
        return _of_inherited(code, target, bound, steps)
    owner, definition = forward
    names = [each for each, _ in parameters(definition)]
    tracked = name if name in names else next(iter(names[1:2]), None)
    if tracked is None:
        return None

    def above(base: griffe.Class | str) -> Guess | None:
        if isinstance(base, str):
            return IMAGE if base.startswith(SEEING) else None
        return _of_class(code, base, None, bound, steps - 1)

    return Flow(code, target, owner, bound, _built(code, steps), above).through(definition, tracked)


def _of_inherited(code: Code, target: griffe.Class, bound: Mapping[str, Any], steps: int) -> Guess | None:
    """A class without a forward of the repository's: its first layer where it has one of its own, else its base's."""
    others = lineage(code, target)[1]
    if made := constructor(code, target):
        scope = Scope(code.source_of(made[0]), made[1], bound, target)
        for node in ast.walk(made[1]):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("Conv2d", "Embedding"):
                return _built(code, steps).takes(node, scope)
            if isinstance(node, ast.Call) and "torch.nn.Sequential" in others and is_super(node, "__init__"):
                return _built(code, steps).first_takes(node.args, scope)
    return IMAGE if any(name.startswith(SEEING) for name in others) else None
