"""Inputs beside the golden ones: batches that a quantizer is calibrated with, and sets that a file is compared on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.source import describe, find_callable, seeded_inputs
from pocketfit.exporter.tensors import ModelProblem, counted, dtype_name
from pocketfit.judge.golden import SEED
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import numpy as np
    import torch

    from pocketfit.exporter.tensors import Inputs

# An endless iterable ends at these; a quantizer's ranges have settled long before.
MAX_BATCHES = 256
MAX_BYTES = 1_000_000_000
STANDIN_BATCHES = 8
# Sets that a file is compared with eager on, beside the golden one: one set proves little.
FURTHER_SETS = 3
# How far a float input is moved, as a share of its own spread: other values, still the same kind of input.
PERTURBATION = 0.1


def load_batches(spec: ModelSpec, root: Path, inputs: Inputs) -> tuple[tuple[Inputs, ...], tuple[str, ...]]:
    """Read the batches to calibrate with, and say what a reader should know about them; raises ModelProblem.

    `inputs` are the golden ones: every batch has as many tensors of the same dtypes; lengths may differ.
    """
    if spec.calibration is None:
        return _made_up(spec, inputs)
    batches: list[Inputs] = []
    size_bytes = 0
    for index, item in enumerate(_iterate(spec.calibration, root)):
        if index == MAX_BATCHES or size_bytes > MAX_BYTES:
            reason = (
                f"calibrated on the first {index} batches of {spec.calibration}: "
                f"no more than {MAX_BATCHES} or {MAX_BYTES / 1e9:g} GB are taken"
            )
            return tuple(batches), (reason,)
        batch = _checked(item, inputs, f"calibration {spec.calibration}: batch {index}")
        batches.append(batch)
        size_bytes += sum(tensor.nbytes for tensor in batch)
    if not batches:
        raise ModelProblem(f"calibration {spec.calibration} gives no batch: return an iterable of input tuples")
    return tuple(batches), ()


def _iterate(calibration: str, root: Path) -> Iterator[Any]:
    import torch

    # A loader that shuffles must do it alike on both sides.
    torch.manual_seed(SEED)
    try:
        batches = find_callable(calibration, root)()
        if not hasattr(batches, "__iter__"):
            raise ModelProblem(
                f"calibration {calibration} returns a {type(batches).__name__}: return an iterable of input tuples"
            )
        # A tensor, too, can be iterated over; its slices are no batches.
        yield from (batches,) if isinstance(batches, torch.Tensor) else batches
    except ModelProblem:
        raise
    except (Exception, SystemExit) as error:
        raise ModelProblem(f"calibration {calibration} raises {describe(error)}") from error


def _checked(item: Any, inputs: Inputs, where: str) -> Inputs:
    import torch

    batch = tuple(item) if isinstance(item, (list, tuple)) else (item,)
    for value in batch:
        if not isinstance(value, torch.Tensor):
            raise ModelProblem(f"{where} holds a {type(value).__name__}: give tuples of tensors")
    if len(batch) != len(inputs):
        raise ModelProblem(
            f"{where} has {counted(len(batch))}, and the model takes {len(inputs)}: give the model's inputs alone"
        )
    for index, (tensor, golden) in enumerate(zip(batch, inputs, strict=True)):
        if tensor.dtype != golden.dtype:
            raise ModelProblem(
                f"{where}: input {index} is {dtype_name(tensor)}, and the model takes {dtype_name(golden)}"
            )
    return tuple(tensor.detach().cpu() for tensor in batch)


def _made_up(spec: ModelSpec, inputs: Inputs) -> tuple[tuple[Inputs, ...], tuple[str, ...]]:
    """Make up batches, the same everywhere. They are never the golden inputs, which judge the result, if there are any
    others of their kind: where nothing can be moved those are all that is known, and the reason says so.
    """
    seeds = range(SEED + 1, SEED + 1 + STANDIN_BATCHES)
    if isinstance(spec.inputs, tuple):
        shapes = spec.inputs
        batches = tuple(seeded_inputs(shapes, seed) for seed in seeds)
        calibrated_on = "random inputs"
    elif can_move(inputs):
        batches = tuple(perturbed(inputs, seed) for seed in seeds)
        calibrated_on = "the example inputs with noise"
    else:
        batches = (inputs,)
        calibrated_on = "the example inputs themselves, which hold no floats to add noise to"
    reason = f'calibrated on {calibrated_on}: set calibration = "module:callable" in [models.{spec.name}] for real ones'
    return batches, (reason,)


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
    return tuple(perturbed(golden, seed) for seed in seeds) if can_move(golden) else ()


def golden_of(spec: ModelSpec, golden: Inputs, batches: Sequence[Inputs]) -> Inputs:
    """The golden inputs of a model that was calibrated: the user's own first batch, where inputs were given by shape.

    Made-up values lie outside the ranges that real ones calibrated: int8 saturates there, which says nothing about it.
    """
    own = _of_shape(batches, golden) if spec.calibration and isinstance(spec.inputs, tuple) else ()
    return own[0] if own else golden


def _of_shape(batches: Sequence[Inputs], golden: Inputs) -> tuple[Inputs, ...]:
    shapes = [tensor.shape for tensor in golden]
    return tuple(batch for batch in batches if [tensor.shape for tensor in batch] == shapes)


def can_move(inputs: Inputs) -> bool:
    """Say whether `perturbed` changes any value: it leaves integers and bools, which may be ids or masks, alone."""
    return any(map(_can_move, inputs))


def perturbed(inputs: Inputs, seed: int) -> Inputs:
    """The inputs with normal noise of a tenth of its own spread on each float tensor; all others as they are."""
    import numpy as np

    random = np.random.RandomState(seed)
    return tuple(_moved(tensor, random) if _can_move(tensor) else tensor for tensor in inputs)


def _can_move(tensor: torch.Tensor) -> bool:
    return bool(tensor.is_floating_point() and tensor.numel())


def _moved(tensor: torch.Tensor, random: np.random.RandomState) -> torch.Tensor:
    import torch

    values = tensor.double()
    # A mask of zeros and -inf has no spread but NaN, which would be all that is left of it.
    finite = values[values.isfinite()]
    # A constant input, such as all ones, has no spread, so scale by its mean magnitude.
    spread = (float(finite.std(unbiased=False)) or float(finite.abs().mean()) or 1.0) if finite.numel() else 0.0
    noise = torch.from_numpy(random.standard_normal(tuple(tensor.shape)))
    return (values + PERTURBATION * spread * noise).to(tensor.dtype)
