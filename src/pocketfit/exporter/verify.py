"""Compares what was made of a model with the model in eager mode, on several sets of inputs. Runs in the child."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.java_types import java_inputs
from pocketfit.exporter.tensors import flatten, to_array
from pocketfit.judge.outputs import Judged, judge_sets
from pocketfit.judge.parity import ROUNDING_MIN_SQNR_DB
from pocketfit.records import Limits

if TYPE_CHECKING:
    import torch

    Inputs = tuple[torch.Tensor, ...]
    Outputs = Sequence[tuple[str, torch.Tensor]]
    Arrays = list[tuple[str, Any]]


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
        """How `run` agrees with eager over all sets."""
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
