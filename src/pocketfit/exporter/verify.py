"""Compares what was made of a model with the model in eager mode, on several sets of inputs.

`Verifier` does so on inputs of the golden shapes; `baked_in` on those of other sizes, and those that `check_inputs`
names, of another batch, size or value.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.described import describe
from pocketfit.exporter.inputs import has_nan
from pocketfit.exporter.java_types import java_inputs
from pocketfit.exporter.raised.sentences import not_forwarded
from pocketfit.exporter.samples.sizes import OtherInputs
from pocketfit.exporter.source import given_inputs, seeded_inputs
from pocketfit.exporter.state.eager import Eager, Habits, answer, copies, restarts, seed_all
from pocketfit.exporter.state.held import ATTRIBUTE, BUFFER, told
from pocketfit.exporter.tensors import ModelProblem, counted, dtype_name, shape_text, to_array
from pocketfit.judge.outputs import Judged, judge, judge_sets
from pocketfit.judge.parity import ROUNDING_MIN_SQNR_DB
from pocketfit.judge.sequence import FORGETS, UNCHANGED, misses_the_change
from pocketfit.records import EXACT_SQNR_DB, Limits, ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs

    Outputs = Sequence[tuple[str, torch.Tensor]]
    Arrays = list[tuple[str, Any]]

# Our choice. An error of thirty times the golden set's is no rounding.
BAKED_IN_DB = 30.0


def eager_outputs(eager: Eager, inputs: Inputs, name: str) -> tuple[list[Outputs], Habits]:
    """Eager's outputs, flat, to the same inputs some times in a row, and what it does beside. `name` is the model's.

    Raises ModelProblem where there are none, or others when the model is asked again from its first state.
    """
    try:
        answers, habits = eager.watch(inputs)
        (again,) = eager.answers([inputs])
    except ModelProblem:
        raise
    except Exception as error:
        what_to_do = f"change `inputs` of [models.{name}], or --shape"
        raise ModelProblem(not_forwarded(error, inputs, "these inputs", what_to_do)) from error
    if not answers[0]:
        raise ModelProblem("forward returns no tensor, so there is nothing to compare")
    if problem := _differs(answers[0], again):
        raise ModelProblem(f"eager itself answers differently when asked twice ({problem}): {_why(eager, inputs)}")
    return answers, habits


def _why(eager: Eager, inputs: Inputs) -> str:
    """What to look for in a model that answers otherwise from the same state: what a seed makes alike is random."""
    seeded = []
    for _ in range(2):
        seed_all()
        seeded += eager.answers([inputs])
    if not _differs(*seeded):
        return "look for dropout or random numbers in forward"
    return (
        "forward keeps something outside of its module, such as a global or a closure, which can't be put back to what "
        "it was: keep it in a buffer, or give it as an input and return it"
    )


def _differs(outputs: Outputs, again: Outputs) -> str:
    return judge(as_arrays(outputs), as_arrays(again), Limits(), "fp32").problem


class Verifier:
    """`sets` are inputs with eager's outputs to them: the golden set first, then those that eager takes too.

    `flat`: what is compared may answer with one flat tuple, in eager's order. `sequences` are calls in a row from the
    first state, for a model that has state by its `habits`; `drops_start` is for formats as in formats.Format.
    """

    def __init__(
        self,
        golden: tuple[Inputs, Outputs],
        limits: Limits,
        precision: str,
        *,
        flat: bool = False,
        habits: Habits | None = None,
        drops_start: bool = False,
    ) -> None:
        self.sets, self.limits, self.precision, self.flat = [golden], limits, precision, flat
        self.habits, self.drops_start = habits or Habits(), drops_start
        self.sequences: list[list[tuple[Inputs, Outputs]]] = []
        self.outside = 0

    def add(self, eager: Eager, further: Sequence[Inputs]) -> None:
        """Compare on these too. We made them up, so one that eager itself refuses says nothing and is left out.

        So is one that is outside of its domain, where it answers NaN: `outside` counts these.
        """
        for inputs in further:
            try:
                (outputs,) = eager.answers([inputs])
            except Exception:
                continue
            if has_nan(outputs) and not has_nan(self.sets[0][1]):
                self.outside += 1
                continue
            self.sets.append((inputs, outputs))

    def add_sequences(self, eager: Eager, answers: Sequence[Outputs]) -> None:
        """Compare a model that has state in a row of calls: on the golden inputs, see eager_outputs, and on all."""
        if not self.habits.has_state:
            return
        golden, _ = self.sets[0]
        self.sequences.append([(golden, outputs) for outputs in answers])
        each = [inputs for inputs, _ in self.sets]
        if len(each) > 1:
            self.sequences.append(list(zip(each, eager.answers(each), strict=True)))

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
        """Compare `run` with eager over all sets, and over the sequences; `run` is left as it was."""
        import torch

        again: Callable[[], Callable[..., Any]] = restarts(run) if self.habits.has_state else lambda: run

        def answers(sequence: Sequence[tuple[Inputs, Outputs]]) -> Iterator[tuple[Arrays, Arrays]]:
            now = again()
            for inputs, outputs in sequence:
                with torch.no_grad():
                    answered = answer(now, java_inputs(inputs))
                yield as_arrays(outputs), as_arrays(answered)

        judged = self._judge(pair for one in self.sets for pair in answers([one]))
        if self._is_beyond_rounding(judged):
            judged = _right_on_golden_alone(judged, self._judge(answers(self.sets[:1])))
        if judged.problem or not self.sequences:
            again()
            return self._explained(judged)
        rows = [list(answers(sequence)) for sequence in self.sequences]
        again()
        whole = self._judge(pair for row in rows for pair in row)
        problem = whole.problem
        if whole.same_structure and misses_the_change(*zip(*rows[0], strict=True)):
            problem = problem or UNCHANGED
        if not problem:
            return judged
        sentence = f"{FORGETS} ({problem}): {self._forgets()}"
        return replace(whole, problem=sentence, parity=replace(whole.parity, input_sets=len(self.sets)))

    def _is_beyond_rounding(self, judged: Judged) -> bool:
        """Say whether values are further from eager's than rounding takes them, by no leave of the user's limit."""
        least_db = ROUNDING_MIN_SQNR_DB.get(self.precision)
        sqnr_db = judged.parity.sqnr_db
        if least_db is None or sqnr_db is None or sqnr_db >= least_db:
            return False
        return judged.same_structure if judged.problem else self.limits.min_sqnr_db is None

    def _judge(self, answers: Iterable[tuple[Arrays, Arrays]]) -> Judged:
        return judge_sets(answers, self.limits, self.precision, flat=self.flat)

    def _forgets(self) -> str:
        """What a file does not keep that forward keeps, and what to do."""
        changed = self.habits.changed
        remedy = "give it as an input and return it"
        if not self.drops_start or any(one.kind == ATTRIBUTE for one in changed):
            remedy = f"register it as a buffer and write to it with copy_, or {remedy}"
        return f"forward changes {told(changed)}, which this does not keep between calls: {remedy}"

    def _explained(self, judged: Judged) -> Judged:
        """The problem with what is known of forward that may be its cause."""
        causes = []
        if judged.problem and self.habits.writing:
            causes.append(self.habits.writing)
        dropped = [one for one in self.habits.changed if one.kind == BUFFER and not one.starts_with_zeros]
        if judged.problem and self.drops_start and dropped:
            causes.append(
                f"ExecuTorch drops what a buffer that forward writes starts with, and {told(dropped)} starts with more "
                "than zeros: give it as an input and return it"
            )
        return replace(judged, problem="; ".join([judged.problem, *causes])) if causes else judged


def _right_on_golden_alone(judged: Judged, golden: Judged) -> Judged:
    """`judged`, on all sets, with the problem where the golden set is that much nearer to eager than the others."""
    golden_db, all_db = golden.parity.sqnr_db or 0.0, judged.parity.sqnr_db or 0.0
    if golden_db < all_db + BAKED_IN_DB:
        return judged
    exactly = "all is as in eager" if golden_db == EXACT_SQNR_DB else f"SQNR against eager is {golden_db:.1f} dB"
    problem = f"a value of inputs was baked in: on the golden inputs {exactly}, and on others SQNR is {all_db:.1f} dB"
    return replace(judged, problem=problem)


def as_arrays(outputs: Outputs) -> Arrays:
    """Outputs as tensors.flatten gives them, their tensors as arrays; raises ModelProblem."""
    return [(path, to_array(tensor)) for path, tensor in outputs]


def second_inputs(spec: ModelSpec, root: Path, golden: Inputs) -> tuple[OtherInputs, ...]:
    """The inputs that `check_inputs` names: as many as the golden ones, of their dtypes. Raises ModelProblem."""
    named = spec.check_inputs
    if named is None:
        return ()
    second = given_inputs(named, root) if isinstance(named, str) else seeded_inputs(named)
    if len(second) != len(golden):
        raise ModelProblem(f"check_inputs: {counted(len(second))}, where inputs has {len(golden)}")
    for index, (tensor, like) in enumerate(zip(second, golden, strict=True)):
        if tensor.dtype != like.dtype:
            raise ModelProblem(
                f"check_inputs: input {index} is {dtype_name(tensor)}, where inputs has {dtype_name(like)}"
            )
    return (OtherInputs(second, "check_inputs", "change check_inputs"),)


def baked_in(verify: Verifier, eager: Eager, run: Callable[..., Any], other: OtherInputs) -> str | None:
    """Say how the file `run` fails on other inputs where eager does not, in one sentence, or None.

    It may differ from eager by as much as on the sets of `verify`. Raises ModelProblem where eager does not take it.
    """
    import torch

    golden, _ = verify.sets[0]
    second, remedy = other.inputs, f"; {other.remedy_of_file}" if other.remedy_of_file else ""
    shown = f"{other.name} ({', '.join(shape_text(tensor.shape) for tensor in second)})"
    other_shape = [tensor.shape for tensor in second] != [tensor.shape for tensor in golden]
    problem = f"{'static shape' if other_shape else 'a value of inputs was'} baked in: {shown}"
    try:
        (outputs,) = eager.answers([second])
        expected = as_arrays(outputs)
    except ModelProblem:
        raise
    except Exception as error:
        raise ModelProblem(not_forwarded(error, second, other.name, other.remedy)) from error
    try:
        with torch.no_grad():
            actual = as_arrays(answer(restarts(run)(), java_inputs(second)))
    except Exception as error:
        return f"{problem} fail: {describe(error)}{remedy}"
    judged = judge(expected, actual, verify.limits, verify.precision, flat=verify.flat)
    if not judged.same_structure and _shapes(actual) != _shapes(expected):
        return f"{problem} give {_shapes(actual)} where eager gives {_shapes(expected)}{remedy}"
    if not judged.problem:
        return None
    if judged.same_structure and verify.precision != "fp32" and not _trace_differs(verify, eager, second):
        return f"{verify.precision} is too far from eager on {shown}: {judged.problem}{OTHER_VALUES[verify.precision]}"
    return f"{problem} give another answer than eager: {judged.problem}{remedy}"


def _trace_differs(verify: Verifier, eager: Eager, second: Inputs) -> bool:
    """Say whether the model in fp32, traced with the golden inputs, is wrong on `second` too: that is baked in."""
    import torch

    (golden, _), shapes = verify.sets[0], [tensor.shape for tensor in second]
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (outputs,) = eager.answers([second])
            trace = torch.jit.trace(eager.model, copies(golden), check_trace=False, strict=False)
            expected, actual = as_arrays(outputs), as_arrays(answer(trace, copies(second)))
    except Exception:
        # Nobody knows: where the shapes are the same it is what the precision costs.
        return shapes != [tensor.shape for tensor in golden]
    finally:
        eager.reset()
    return bool(judge(expected, actual, Limits(), "fp32").problem)


# What a reader can do about a precision that is too coarse for other inputs; goes on after what is wrong.
OTHER_VALUES = {
    "fp16": ": fp16 has 11 significant bits and ends at 65,504",
    "int8": (
        ": its ranges were calibrated on other values: let calibration give inputs like these too, "
        "or use int8-dynamic or fp32"
    ),
    "int8-dynamic": ": its weights have 8 bits: use fp32",
}


def _shapes(outputs: Arrays) -> str:
    return ", ".join("x".join(map(str, array.shape)) or "a scalar" for _, array in outputs) or "nothing"
