"""Further inputs that a model's exports are compared with eager on: one set proves little. Runs in the child."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pocketfit.exporter.source import seeded_inputs
from pocketfit.judge.golden import SEED
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import torch

    Inputs = tuple[torch.Tensor, ...]

FURTHER_SETS = 3
# How far a float input is moved, as a share of its own spread: other values, still the same kind of input.
PERTURBATION = 0.1


def further_inputs(spec: ModelSpec, golden: Inputs, batches: Sequence[Inputs] = ()) -> tuple[Inputs, ...]:
    """Up to three sets beside the golden one, of its dtypes.

    The user's own `batches` where some are of the golden shapes (a file may take no other); else random with other
    seeds where inputs were given by shape; else the golden ones with their floats a little moved (none where there are
    no floats).
    """
    if own := _of_shape(batches, golden):
        # The first is the golden one.
        return own[1 : 1 + FURTHER_SETS]
    seeds = range(SEED + 1, SEED + 1 + FURTHER_SETS)
    if isinstance(spec.inputs, tuple):
        return tuple(seeded_inputs(spec.inputs, seed) for seed in seeds)
    if not any(one.dtype.is_floating_point for one in golden):
        return ()
    return tuple(_perturbed(golden, seed) for seed in seeds)


def golden_of(spec: ModelSpec, golden: Inputs, batches: Sequence[Inputs]) -> Inputs:
    """The golden inputs of a model that was calibrated: the user's own first batch, where inputs were given by shape.

    Made-up values lie outside the ranges that real ones calibrated: int8 saturates there, which says nothing about it.
    """
    own = _of_shape(batches, golden) if spec.calibration and isinstance(spec.inputs, tuple) else ()
    return own[0] if own else golden


def _of_shape(batches: Sequence[Inputs], golden: Inputs) -> tuple[Inputs, ...]:
    shapes = [one.shape for one in golden]
    return tuple(batch for batch in batches if [one.shape for one in batch] == shapes)


def _perturbed(golden: Inputs, seed: int) -> Inputs:
    import numpy as np
    import torch

    random = np.random.RandomState(seed)

    def one(tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.dtype.is_floating_point or not tensor.numel():
            return tensor
        # A constant input, such as all ones, has no spread, but a size.
        values = tensor.double()
        spread = float(values.std(unbiased=False)) or float(values.abs().mean()) or 1.0
        noise = torch.from_numpy(random.standard_normal(tuple(tensor.shape)))
        return (values + PERTURBATION * spread * noise).to(tensor.dtype)

    return tuple(one(tensor) for tensor in golden)
