"""Compares what was made of a model with the model in eager mode, on several sets of inputs. Runs in the child."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pocketfit.backends.java_types import java_inputs
from pocketfit.parity import ROUNDING_MIN_SQNR_DB, compare_sets, disagreements, structure_differs
from pocketfit.records import Limits, Parity, TensorFile
from pocketfit.tensors import flatten, to_array

if TYPE_CHECKING:
    import torch

    Inputs = tuple[torch.Tensor, ...]
    Outputs = list[tuple[str, torch.Tensor]]


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
        return self.measure(run)[1]

    def careful_problem(self, run: Callable[..., Any]) -> str | None:
        """For a step that can be left out: one that costs more than rounding does is wrong, whatever the limit."""
        parity, problem, _ = self.measure(run)
        least_db = ROUNDING_MIN_SQNR_DB.get(self.precision)
        if problem or least_db is None or parity.sqnr_db is None or parity.sqnr_db >= least_db:
            return problem
        return f"SQNR against eager is {parity.sqnr_db:.1f} dB, where rounding alone leaves {least_db:g} dB and more"

    def measure(self, run: Callable[..., Any]) -> tuple[Parity, str | None, tuple[str, ...]]:
        """Parity over all sets, the sentence that says what is wrong, and the limits that are passed."""
        import torch

        expected, actual = [], []
        for inputs, outputs in self.sets:
            with torch.no_grad():
                answer = list(flatten(run(*java_inputs(inputs))))
            wanted = [(path, to_array(tensor)) for path, tensor in outputs]
            given = [(path, to_array(tensor)) for path, tensor in answer]
            if self.flat and len(given) == len(wanted):
                given = [(path, array) for (path, _), (_, array) in zip(wanted, given, strict=True)]
            if reason := structure_differs(described(wanted), described(given)):
                return Parity(), reason, ()
            expected.append([array for _, array in wanted])
            actual.append([array for _, array in given])
        parity = compare_sets(expected, actual, [path for path, _ in self.sets[0][1]])
        beyond = disagreements(parity, self.limits, self.precision)
        return parity, "; ".join(one.sentence for one in beyond) or None, tuple(one.limit for one in beyond)


def described(arrays: Sequence[tuple[str, Any]]) -> list[TensorFile]:
    """Arrays as what is said of them, without a file."""
    return [TensorFile(path, array.dtype.name, tuple(array.shape), "") for path, array in arrays]
