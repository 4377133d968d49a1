"""What a static quantizer is calibrated with: batches of inputs, the user's or made up. Runs in the child."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.source import describe, find_callable
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.judge.golden import SEED, seeded_arrays
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import torch

    Inputs = tuple[torch.Tensor, ...]

# An endless iterable ends at these; a quantizer's ranges have settled long before.
MAX_BATCHES = 256
MAX_BYTES = 1_000_000_000
STANDIN_BATCHES = 8
# Of the spread of the example inputs: enough to be no copy, too little to be other data.
STANDIN_NOISE = 0.1


def load_batches(spec: ModelSpec, root: Path, inputs: Inputs) -> tuple[tuple[Inputs, ...], tuple[str, ...]]:
    """The batches, each as the model takes them, and what a reader should know about them; raises ModelProblem.

    `inputs` are the golden ones: every batch has as many tensors of the same dtypes; lengths may differ.
    """
    if spec.calibration is None:
        return _made_up(spec, inputs)
    batches: list[Inputs] = []
    size_bytes = 0
    for index, given in enumerate(_iterate(spec.calibration, root)):
        if index == MAX_BATCHES or size_bytes > MAX_BYTES:
            reason = (
                f"calibrated on the first {index} batches of {spec.calibration}: "
                f"no more than {MAX_BATCHES} or {MAX_BYTES / 1e9:g} GB are taken"
            )
            return tuple(batches), (reason,)
        batch = _checked(given, inputs, f"calibration {spec.calibration}: batch {index}")
        batches.append(batch)
        size_bytes += sum(one.nbytes for one in batch)
    if not batches:
        raise ModelProblem(f"calibration {spec.calibration} gives no batch: return an iterable of input tuples")
    return tuple(batches), ()


def _iterate(calibration: str, root: Path) -> Iterator[Any]:
    import torch

    # A loader that shuffles must do it alike on both sides.
    torch.manual_seed(SEED)
    try:
        given = find_callable(calibration, root)()
        if not hasattr(given, "__iter__"):
            raise ModelProblem(
                f"calibration {calibration} returns a {type(given).__name__}: return an iterable of input tuples"
            )
        # A tensor, too, can be iterated over; its slices are no batches.
        yield from (given,) if isinstance(given, torch.Tensor) else given
    except ModelProblem:
        raise
    except (Exception, SystemExit) as error:
        raise ModelProblem(f"calibration {calibration} raises {describe(error)}") from error


def _checked(given: Any, inputs: Inputs, where: str) -> Inputs:
    import torch

    batch = tuple(given) if isinstance(given, (list, tuple)) else (given,)
    for one in batch:
        if not isinstance(one, torch.Tensor):
            raise ModelProblem(f"{where} holds a {type(one).__name__}: give tuples of tensors")
    if len(batch) != len(inputs):
        raise ModelProblem(
            f"{where} has {_tensors(len(batch))}, and the model takes {len(inputs)}: give the model's inputs alone"
        )
    for place, (one, expected) in enumerate(zip(batch, inputs, strict=True)):
        if one.dtype != expected.dtype:
            raise ModelProblem(f"{where}: input {place} is {_dtype(one)}, and the model takes {_dtype(expected)}")
    return tuple(one.detach().cpu() for one in batch)


def _made_up(spec: ModelSpec, inputs: Inputs) -> tuple[tuple[Inputs, ...], tuple[str, ...]]:
    """Seeded, and never the golden inputs themselves: those are what the result is judged by."""
    import torch

    seeds = range(SEED + 1, SEED + 1 + STANDIN_BATCHES)
    if isinstance(spec.inputs, tuple):
        shapes = spec.inputs
        batches = tuple(tuple(torch.from_numpy(one) for one in seeded_arrays(shapes, seed)) for seed in seeds)
        what = "random inputs"
    else:
        batches = tuple(_perturbed(inputs, seed) for seed in seeds)
        what = "the example inputs with noise"
    reason = f'calibrated on {what}: set calibration = "module:callable" in [models.{spec.name}] for real ones'
    return batches, (reason,)


def _perturbed(inputs: Inputs, seed: int) -> Inputs:
    import numpy as np
    import torch

    random = np.random.RandomState(seed)

    def one(tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.is_floating_point():
            return tensor
        noise = torch.from_numpy(random.standard_normal(tuple(tensor.shape))).to(tensor.dtype)
        return tensor + STANDIN_NOISE * tensor.std(correction=0) * noise

    return tuple(one(tensor) for tensor in inputs)


def _tensors(count: int) -> str:
    return "1 tensor" if count == 1 else f"{count} tensors"


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
