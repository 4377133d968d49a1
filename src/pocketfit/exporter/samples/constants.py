"""Float inputs of which one value is known, such as a scale or a first hidden state of zeros.

A range of int8 that was calibrated on it saturates at any other. What reads it stays in fp32 where the graph is known,
and the row says that no other value was judged.
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


def of_one_value(golden: Inputs, batches: Sequence[Inputs]) -> dict[int, float]:
    """The value of each input that has just one in `golden`, by its place, and in `batches` none that is far from it.

    Empty where other inputs tell nothing more, or nothing else is known than `golden`.
    """
    if len(batches) < 2:
        return {}
    values = {place: value for place, tensor in enumerate(golden) if (value := _only_value(tensor)) is not None}
    known = {place: value for place, value in values.items() if all(_is_near(value, batch[place]) for batch in batches)}
    return known if len(known) < len(golden) else {}


def told_constants(golden: Inputs, batches: Sequence[Inputs]) -> tuple[str, ...]:
    """A sentence for each such input, for the row."""
    return tuple(
        f"int8 knows one value of input {place}, {value:.3g}, and is judged on no other: let calibration give more"
        for place, value in of_one_value(golden, batches).items()
    )


def _only_value(tensor: torch.Tensor) -> float | None:
    if not tensor.is_floating_point() or not tensor.numel():
        return None
    low, high = (float(bound) for bound in tensor.aminmax())
    return low if low == high else None


def _is_near(value: float, tensor: torch.Tensor) -> bool:
    far = DEVIATIONS * PERTURBATION * (abs(value) or 1.0)
    return not tensor.numel() or bool(((tensor - value).abs() <= far).all())
