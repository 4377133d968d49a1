"""Compares what was made of a model with the model in eager mode, on several sets of inputs.

`Verifier` does so on inputs of the golden shapes; `baked_in` on those that `check_inputs` names, of another batch, size
or value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.java_types import java_inputs
from pocketfit.exporter.source import describe, given_inputs, seeded_inputs
from pocketfit.exporter.tensors import ModelProblem, counted, dtype_name, flatten, shape_text, to_array
from pocketfit.judge.outputs import Judged, judge, judge_sets
from pocketfit.judge.parity import ROUNDING_MIN_SQNR_DB
from pocketfit.records import Limits, ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs

    Outputs = Sequence[tuple[str, torch.Tensor]]
    Arrays = list[tuple[str, Any]]


def eager_outputs(model: Callable[..., Any], inputs: Inputs) -> list[tuple[str, torch.Tensor]]:
    """Eager's outputs, flat; raises ModelProblem where there are none, or others when the model is asked twice."""
    import torch

    shown = ", ".join(f"{dtype_name(tensor)} {'x'.join(map(str, tensor.shape))}" for tensor in inputs)
    try:
        with torch.inference_mode():
            outputs = list(flatten(model(*inputs)))
            again = list(flatten(model(*inputs)))
    except ModelProblem:
        raise
    except Exception as error:
        raise ModelProblem(f"forward does not take these inputs ({shown}): {describe(error)}") from error
    if not outputs:
        raise ModelProblem("forward returns no tensor, so there is nothing to compare")
    if problem := judge(as_arrays(outputs), as_arrays(again), Limits(), "fp32").problem:
        raise ModelProblem(
            f"eager itself answers differently when asked twice ({problem}): "
            "look for dropout or random numbers in forward"
        )
    return outputs


class Verifier:
    """`sets` are inputs with eager's outputs to them: the golden set first, then those that eager takes too.

    `flat`: what is compared may answer with one flat tuple, in eager's order.
    """

    def __init__(self, golden: tuple[Inputs, Outputs], limits: Limits, precision: str, *, flat: bool = False) -> None:
        self.sets, self.limits, self.precision, self.flat = [golden], limits, precision, flat

    def add(self, eager: Callable[..., Any], further: Sequence[Inputs]) -> None:
        """Compare on these too. We made them up, so one that eager itself refuses says nothing and is left out."""
        import torch

        for inputs in further:
            try:
                with torch.inference_mode():
                    outputs = list(flatten(eager(*inputs)))
            except Exception:
                continue
            self.sets.append((inputs, outputs))

    def problem(self, run: Callable[..., Any]) -> str | None:
        return self.measure(run).problem or None

    def careful_problem(self, run: Callable[..., Any]) -> str | None:
        """For a step that can be left out: one that costs more than rounding does is wrong, whatever the limit."""
        judged, least_db = self.measure(run), ROUNDING_MIN_SQNR_DB.get(self.precision)
        sqnr_db = judged.parity.sqnr_db
        if judged.problem or least_db is None or sqnr_db is None or sqnr_db >= least_db:
            return judged.problem or None
        return f"SQNR against eager is {sqnr_db:.1f} dB, where rounding alone leaves {least_db:g} dB and more"

    def measure(self, run: Callable[..., Any]) -> Judged:
        """Compare `run` with eager over all sets."""
        import torch

        def answers() -> Iterator[tuple[Arrays, Arrays]]:
            for inputs, outputs in self.sets:
                with torch.no_grad():
                    answer = list(flatten(run(*java_inputs(inputs))))
                yield as_arrays(outputs), as_arrays(answer)

        return judge_sets(answers(), self.limits, self.precision, flat=self.flat)


def as_arrays(outputs: Outputs) -> Arrays:
    """Outputs as tensors.flatten gives them, their tensors as arrays; raises ModelProblem."""
    return [(path, to_array(tensor)) for path, tensor in outputs]


def second_inputs(spec: ModelSpec, root: Path, golden: Inputs) -> Inputs:
    """The inputs that `check_inputs` names: as many as the golden ones, of their dtypes. Raises ModelProblem."""
    named = spec.check_inputs
    second = given_inputs(named, root) if isinstance(named, str) else seeded_inputs(named or ())
    if len(second) != len(golden):
        raise ModelProblem(f"check_inputs: {counted(len(second))}, where inputs has {len(golden)}")
    for index, (tensor, like) in enumerate(zip(second, golden, strict=True)):
        if tensor.dtype != like.dtype:
            raise ModelProblem(
                f"check_inputs: input {index} is {dtype_name(tensor)}, where inputs has {dtype_name(like)}"
            )
    return second


def baked_in(verify: Verifier, eager: Callable[..., Any], run: Callable[..., Any], second: Inputs) -> str | None:
    """Say how the file `run` fails on a second set of inputs where eager does not, in one sentence, or None.

    It may differ from eager by as much as on the sets of `verify`. Raises ModelProblem where eager does not take it.
    """
    import torch

    golden, _ = verify.sets[0]
    shown = f"check_inputs ({', '.join(shape_text(tensor.shape) for tensor in second)})"
    other_shape = [tensor.shape for tensor in second] != [tensor.shape for tensor in golden]
    problem = f"{'static shape' if other_shape else 'a value of inputs was'} baked in: {shown}"
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
        return f"{problem} fail: {describe(error)}"
    judged = judge(expected, actual, verify.limits, verify.precision, flat=verify.flat)
    if not judged.same_structure and _shapes(actual) != _shapes(expected):
        return f"{problem} give {_shapes(actual)} where eager gives {_shapes(expected)}"
    return f"{problem} give another answer than eager: {judged.problem}" if judged.problem else None


def _shapes(outputs: Arrays) -> str:
    return ", ".join("x".join(map(str, array.shape)) or "a scalar" for _, array in outputs) or "nothing"
