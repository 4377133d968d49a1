"""How a value's shape changes on the way to a layer, and what it was before."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

from pocketfit.survey.inputs.layers import Guess

SAME = frozenset({
    "float", "double", "half", "long", "int", "bool", "to", "type", "type_as", "contiguous", "clone", "detach", "cuda",
    "cpu", "div", "mul", "sub", "add", "log", "exp", "sqrt", "abs", "clamp", "relu", "requires_grad_", "clamp_min",
})  # fmt: skip
FLAT = {784: (1, 1, 28, 28), 3072: (1, 3, 32, 32)}


@dataclass(frozen=True)
class Step:
    """One change of shape: its name, and the dimensions that it names."""

    kind: str
    dims: tuple[int, ...] = ()


# A change that nothing is known of.
UNSHAPED = Step("unshaped")
NOTHING = Step("same")


def step_of(name: str, call: ast.Call, *, function: bool = False) -> Step:
    """The change that a tensor's method makes, or torch's function of that name, whose first argument is the tensor."""
    dims = _numbers(call.args[function:])
    dims += tuple(number for keyword in call.keywords for number in _numbers([keyword.value]))
    if name in SAME and not function:
        return NOTHING
    if name in ("unsqueeze", "transpose", "permute", "swapaxes") and dims:
        return Step("transpose" if name == "swapaxes" else name, dims)
    if name in ("flatten", "view", "reshape"):
        return Step("flat")
    return UNSHAPED


def undone(steps: tuple[Step, ...], guess: Guess) -> Guess:
    """What the value was before these steps, where it is `guess` after them."""
    shape: list[Any] = list(range(len(guess.shape)))
    for step in reversed(steps):
        rank = len(shape)
        try:
            match step.kind:
                case "unsqueeze":
                    shape.pop(step.dims[0] % rank)
                case "transpose":
                    one, other = (dim % rank for dim in step.dims[:2])
                    shape[one], shape[other] = shape[other], shape[one]
                case "permute" if len(step.dims) == rank:
                    before = list(shape)
                    for place, dim in enumerate(step.dims):
                        before[dim % rank] = shape[place]
                    shape = before
                case "flat":
                    if rank == 2 and guess.shape[1] in FLAT:
                        return Guess(FLAT[guess.shape[1]])
        except (IndexError, ValueError, ZeroDivisionError):
            return guess
    return replace(
        guess,
        shape=tuple(guess.shape[place] for place in shape),
        time=shape.index(guess.time) if guess.time in shape else None,
        spatial=guess.spatial and len(shape) == len(guess.shape) and shape[-2:] == [len(shape) - 2, len(shape) - 1],
    )


def _numbers(nodes: list[ast.expr]) -> tuple[int, ...]:
    found: list[int] = []
    for node in nodes:
        for part in node.elts if isinstance(node, (ast.Tuple, ast.List)) else [node]:
            try:
                value = ast.literal_eval(part)
            except ValueError:
                continue
            if isinstance(value, int) and not isinstance(value, bool):
                found.append(value)
    return tuple(found)
