"""The truth, by plain torch: a model in eager mode beside a file that was made of it. Imports nothing of Pocketfit.

Runs in a process of its own, so that no patch, mode or cache of the exporter's reaches it: see tests/cases/checks.py
and tests/differential. A sequence of calls is compared, on both sides from a fresh load, so that state counts too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import torch

EXACT_DB = 300.0
Inputs = tuple[torch.Tensor, ...]
Calls = Sequence[Inputs]


@dataclass(frozen=True)
class Agreement:
    """How a file agrees with eager over a sequence of calls.

    `sqnr_db` is the lowest of its outputs (10 log10 of signal power over error power, summed over the calls, in
    float64; None where eager is zero everywhere), `max_abs_diff` the largest difference. `problem` says why there is
    nothing to compare: an error of the file, or another number or shape of outputs. `scale` is eager's largest value.
    """

    sqnr_db: float | None = None
    max_abs_diff: float | None = None
    problem: str = ""
    scale: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare(model: Callable[..., Any], run: Callable[..., Any], calls: Calls, *, flat: bool = False) -> Agreement:
    """Both are called once for each of `calls`, in order, each time with copies of its own.

    `flat`: the file hands back a list of tensors, as ExecuTorch does.
    """
    expected, actual = [], []
    for inputs in calls:
        with torch.no_grad():
            expected.append([_copy(one) for one in flatten(model(*copies(inputs)))])
    for number, inputs in enumerate(calls):
        try:
            with torch.no_grad():
                answer = run(*as_java(copies(inputs)))
            actual.append([_copy(one) for one in flatten(answer)])
        except Exception as error:
            return Agreement(problem=f"call {number}: {type(error).__name__}: {str(error).strip().splitlines()[-1:]}")
    return agreement(expected, actual)


def agreement(expected: Sequence[Sequence[torch.Tensor]], actual: Sequence[Sequence[torch.Tensor]]) -> Agreement:
    """The lowest SQNR of all outputs, each summed over the calls."""
    lowest: float | None = None
    furthest = scale = 0.0
    for call, (ours, theirs) in enumerate(zip(expected, actual, strict=True)):
        if [tuple(one.shape) for one in ours] != [tuple(one.shape) for one in theirs]:
            return Agreement(problem=f"call {call}: outputs {_shapes(theirs)} where eager has {_shapes(ours)}")
    for index in range(len(expected[0]) if expected else 0):
        signal = noise = 0.0
        for ours, theirs in zip(expected, actual, strict=True):
            one, other = ours[index].double(), theirs[index].double()
            finite = one.isfinite()
            if not torch.equal(one.nan_to_num(7.0, 8.0, 9.0)[~finite], other.nan_to_num(7.0, 8.0, 9.0)[~finite]):
                return Agreement(-EXACT_DB, None, "", scale)
            if not bool(other[finite].isfinite().all()):
                return Agreement(-EXACT_DB, None, "", scale)
            difference = (one - other)[finite]
            signal += float(one[finite].square().sum())
            noise += float(difference.square().sum())
            furthest = max(furthest, float(difference.abs().max()) if difference.numel() else 0.0)
            scale = max(scale, float(one[finite].abs().max()) if difference.numel() else 0.0)
        ratio = EXACT_DB if noise == 0 else 10 * math.log10(signal / noise) if signal else None
        if ratio is not None:
            lowest = ratio if lowest is None else min(lowest, ratio)
    return Agreement(lowest, furthest, "", scale)


def flatten(output: Any) -> Iterator[torch.Tensor]:
    """Every tensor and number in an output, depth first, the keys of dicts sorted; None is nothing."""
    match output:
        case torch.Tensor():
            yield output
        case bool() | int() | float():
            yield torch.tensor(output)
        case Mapping():
            for key in sorted(output):
                yield from flatten(output[key])
        case str():
            yield torch.tensor(list(output.encode()))
        case Sequence():
            for item in output:
                yield from flatten(item)
        case _ if is_dataclass(output):
            for field in fields(output):
                yield from flatten(getattr(output, field.name))


def load(path: Path, format_name: str) -> Callable[..., Any]:
    """The file as torch's or ExecuTorch's own runtime on this host runs it, freshly loaded."""
    if format_name == "executorch":
        from executorch.runtime import Runtime

        program = Runtime.get().load_program(path)
        method: Any = program.load_method("forward")

        def run(*inputs: torch.Tensor) -> Any:
            # The program's memory is a part of what is run.
            assert program
            return method.execute([one.contiguous() for one in inputs])

        return run
    torch.backends.quantized.engine = "qnnpack"
    if format_name == "lite":
        from torch.jit.mobile import _load_for_lite_interpreter

        return _load_for_lite_interpreter(str(path))  # type: ignore[no-any-return]
    return torch.jit.load(str(path))  # type: ignore[no-any-return]


def copies(inputs: Inputs) -> Inputs:
    """Tensors of their own memory, strides and all: a forward that writes into its input writes into nothing else."""
    return tuple(one.clone() for one in inputs)


def as_java(inputs: Inputs) -> Inputs:
    """Java has no bool tensors, and files take uint8 for them."""
    return tuple(one.to(torch.uint8) if one.dtype == torch.bool else one for one in inputs)


def shuffled(inputs: Inputs, seed: int) -> Inputs:
    """Other inputs of the same kind: each tensor's own values in another order, which stay in the model's domain."""
    generator = torch.Generator().manual_seed(seed)

    def one(tensor: torch.Tensor) -> torch.Tensor:
        order = torch.randperm(tensor.numel(), generator=generator)
        return tensor.contiguous().view(-1)[order].view(tensor.shape)

    return tuple(one(tensor) for tensor in inputs)


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    # The next call may write into what this one returned.
    plain = tensor.detach()
    return (plain.dequantize() if plain.is_quantized else plain).clone()


def _shapes(tensors: Sequence[torch.Tensor]) -> str:
    return ", ".join("x".join(map(str, one.shape)) or "scalar" for one in tensors) or "nothing"
