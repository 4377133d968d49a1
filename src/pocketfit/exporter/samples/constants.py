"""Inputs of which int8 knows one value, such as a scale, a time step or a first hidden state of zeros.

A range that was calibrated on it saturates at any other. What reads such a float stays in fp32 where the graph is
known; what lies behind is calibrated on what the one value makes of it, so that nothing judges the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pocketfit.judge.draws import PERTURBATION

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs

# Draws of a constant lie within this many standard deviations, but for one in millions.
DEVIATIONS = 5
# Integers of these are masks and flags, most of which have the same value at each call.
FLAGS = (0, 1)


def of_one_value(golden: Inputs, batches: Sequence[Inputs]) -> dict[int, float]:
    """The value of each float input that has just one in `golden`, by its place, and in `batches` none far from it.

    Empty where other inputs tell nothing more, or nothing else is known than `golden`.
    """
    known = {place: value for place, value in _known(golden, batches).items() if golden[place].is_floating_point()}
    return known if len(batches) > 1 and len(known) < len(golden) else {}


def told_constants(golden: Inputs, others: Sequence[Inputs]) -> tuple[str, ...]:
    """A sentence for each input of one value, floats and integers, for the row; `others` are all further inputs."""
    return tuple(
        f"int8 knows one value of input {place}, {value:.3g}, and is judged on no other: let calibration give more"
        for place, value in _known(golden, others).items()
    )


def _known(golden: Inputs, batches: Sequence[Inputs]) -> dict[int, float]:
    values = {place: value for place, tensor in enumerate(golden) if (value := _only_value(tensor)) is not None}
    return {place: value for place, value in values.items() if all(_is_near(value, batch[place]) for batch in batches)}


def _only_value(tensor: torch.Tensor) -> float | None:
    if not tensor.numel() or tensor.is_complex():
        return None
    first = tensor.flatten()[0]
    is_flag = not tensor.is_floating_point() and first.item() in FLAGS
    return None if is_flag or not bool((tensor == first).all()) else float(first)


def _is_near(value: float, tensor: torch.Tensor) -> bool:
    far = DEVIATIONS * PERTURBATION * (abs(value) or 1.0)
    return not tensor.numel() or bool(((tensor - value).abs() <= far).all())
