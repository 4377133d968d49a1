"""Whether a saved file takes another batch or size than it was made with. Runs in the child."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.java_types import java_inputs
from pocketfit.exporter.source import describe, given_inputs, seeded_inputs
from pocketfit.exporter.tensors import ModelProblem, flatten
from pocketfit.exporter.verify import as_arrays
from pocketfit.judge.outputs import judge
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.verify import Arrays

    Inputs = tuple[torch.Tensor, ...]


def second_inputs(spec: ModelSpec, root: Path, golden: Inputs) -> Inputs:
    """The inputs that `check_inputs` names: as many as the golden ones, of their dtypes. Raises ModelProblem."""
    wanted = spec.check_inputs
    second = given_inputs(wanted, root) if isinstance(wanted, str) else seeded_inputs(wanted or ())
    if len(second) != len(golden):
        raise ModelProblem(f"check_inputs: {_tensors(len(second))}, where inputs has {len(golden)}")
    for index, (one, other) in enumerate(zip(second, golden, strict=True)):
        if one.dtype != other.dtype:
            raise ModelProblem(f"check_inputs: input {index} is {_dtype(one)}, where inputs has {_dtype(other)}")
    return second


def baked_in(
    spec: ModelSpec,
    precision: str,
    eager: Callable[..., Any],
    run: Callable[..., Any],
    golden: Inputs,
    second: Inputs,
    *,
    flat: bool,
) -> str | None:
    """How the file `run` fails on the second set where eager does not, in one sentence, or None.

    `flat`: the file answers with one flat list, in eager's order. Raises ModelProblem where eager does not take it.
    """
    import torch

    shown = f"check_inputs ({', '.join(_shape(one) for one in second)})"
    other_shape = [one.shape for one in second] != [one.shape for one in golden]
    what = f"{'static shape' if other_shape else 'a value of inputs was'} baked in: {shown}"
    try:
        with torch.inference_mode():
            expected = as_arrays(list(flatten(eager(*second))))
    except ModelProblem:
        raise
    except Exception as error:
        raise ModelProblem(f"{shown}: forward does not take them: {describe(error)}") from error
    try:
        with torch.no_grad():
            actual = as_arrays(list(flatten(run(*java_inputs(second)))))
    except Exception as error:
        return f"{what} fail: {describe(error)}"
    judged = judge(expected, actual, spec.limits, precision, flat=flat)
    if not judged.same_structure and _shapes(actual) != _shapes(expected):
        return f"{what} give {_shapes(actual)} where eager gives {_shapes(expected)}"
    return f"{what} give another answer than eager: {judged.problem}" if judged.problem else None


def _shapes(outputs: Arrays) -> str:
    return ", ".join("x".join(map(str, array.shape)) or "a scalar" for _, array in outputs) or "nothing"


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _tensors(count: int) -> str:
    return "1 tensor" if count == 1 else f"{count} tensors"
