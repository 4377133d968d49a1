"""The inputs of a variant: golden ones, batches that int8 is calibrated with, and sets that a file is compared on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.raised.sentences import raised
from pocketfit.exporter.samples.constants import told_constants
from pocketfit.exporter.samples.held_out import hold_out
from pocketfit.exporter.samples.vocabulary import vocabularies_of
from pocketfit.exporter.source import find_callable, seeded_inputs
from pocketfit.exporter.tensors import ModelProblem, counted, dtype_name, flatten
from pocketfit.judge.draws import redrawn
from pocketfit.judge.golden import SEED
from pocketfit.judge.parity import CALIBRATED_WITH, ONE_VALUE_KNOWN
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs

    # Makes one set of inputs of a number, another one of each; None where it can't.
    Draw = Callable[[int], Inputs | None]

# An endless iterable ends at these; a quantizer's ranges have settled long before.
MAX_BATCHES = 256
MAX_BYTES = 1_000_000_000
STANDIN_BATCHES = 8
# Sets that a file is compared with eager on, beside the golden one: one set proves little.
FURTHER_SETS = 3
ITSELF = "the very inputs that it is compared on, since no others of their kind can be made"
OUTSIDE = (
    "the inputs that were made up are outside of what forward takes (NaN in eager): "
    'give real ones, inputs = "module:callable"'
)


@dataclass(frozen=True)
class Samples:
    """The inputs of a variant: what a quantizer is calibrated with is never what a file is compared on.

    `golden` are what is traced and tried on a device, `batches` what int8 is calibrated with, `further` the sets that
    are compared on beside the golden one. `unjudged` says why none of them judges int8, as a predicate, where that is
    so; `made_up` is True where all that is known of the golden inputs is their shape.
    """

    golden: Inputs
    further: tuple[Inputs, ...]
    batches: tuple[Inputs, ...] = ()
    reasons: tuple[str, ...] = ()
    unjudged: str = ""
    made_up: bool = False


def gather(spec: ModelSpec, root: Path, inputs: Inputs, eager: Callable[..., Any], precision: str) -> Samples:
    """Gather what a variant is built and judged with; `inputs` are those of the configuration. Raises ModelProblem."""
    samples = _gathered(spec, root, inputs, eager, precision)
    if precision == "int8" and not samples.unjudged:
        told = told_constants(samples.golden, (*samples.batches, *samples.further))
        samples = replace(samples, reasons=(*samples.reasons, *told), unjudged=ONE_VALUE_KNOWN if told else "")
    return replace(samples, made_up=isinstance(spec.inputs, tuple) and samples.golden is inputs)


def _gathered(spec: ModelSpec, root: Path, inputs: Inputs, eager: Callable[..., Any], precision: str) -> Samples:
    if precision == "int8" and spec.calibration is not None:
        return _of_users(spec, root, inputs, eager)
    draw = _drawer(spec, inputs, eager)
    if precision != "int8":
        return Samples(inputs, _drawn(draw, FURTHER_SETS))
    further, batches = _drawn(draw, FURTHER_SETS), _drawn(draw, STANDIN_BATCHES, FURTHER_SETS)
    batches = tuple(batch for batch in batches if is_in_domain(eager, inputs, batch))
    table = "a pocketfit.toml" if spec.by_options else f"[models.{spec.name}]"
    remedy = f'set calibration = "module:callable" in {table} for real ones'
    if not batches:
        return Samples(inputs, (), (inputs,), (f"calibrated on {ITSELF}: {remedy}",), unjudged=CALIBRATED_WITH)
    kind = "random inputs" if isinstance(spec.inputs, tuple) else "fresh draws of the kind of the example inputs"
    return Samples(inputs, further, batches, (f"calibrated on {kind}: {remedy}",))


def _of_users(spec: ModelSpec, root: Path, inputs: Inputs, eager: Callable[..., Any]) -> Samples:
    """Part the user's batches. The golden inputs are one of them too, where they were given by shape alone: made-up
    values lie outside the ranges that real ones calibrated, so that int8 saturates there, which says nothing about it.
    """
    batches, reasons = load_batches(spec, root, inputs)
    by_shape = isinstance(spec.inputs, tuple)
    # Made of the same data, an example may be among them.
    others = tuple(batch for batch in batches if by_shape or not _equal(batch, inputs))
    if not others:
        return Samples(
            inputs,
            (),
            batches,
            (*reasons, f"calibrated on {ITSELF}: let {spec.calibration} give others"),
            CALIBRATED_WITH,
        )
    rest, held = hold_out(others, inputs, FURTHER_SETS + by_shape)
    if held:
        return Samples(held[0] if by_shape else inputs, held[by_shape:], rest, reasons)
    if not by_shape or not (alike := [batch for batch in others if _same_shapes(batch, inputs)]):
        return Samples(inputs, _drawn(_drawer(spec, inputs, eager), FURTHER_SETS) if by_shape else (), others, reasons)
    # The lone batch was calibrated with: others of its kind judge the file.
    drawn = _drawn(_drawer(replace(spec, inputs=None), alike[0], eager), FURTHER_SETS + 1)
    said = f"calibration {spec.calibration} gives one batch"
    if not drawn:
        return Samples(
            alike[0], (), others, (*reasons, f"{said}, which it is calibrated on: give more"), CALIBRATED_WITH
        )
    said += ", which nothing is compared on: fresh draws of its kind are; give two or more to be compared on real ones"
    return Samples(drawn[0], drawn[1:], others, (*reasons, said))


def load_batches(spec: ModelSpec, root: Path, inputs: Inputs) -> tuple[tuple[Inputs, ...], tuple[str, ...]]:
    """Read the user's batches, and say what a reader should know about them; raises ModelProblem.

    `inputs` are those of the configuration: every batch has as many tensors of the same dtypes; lengths may differ.
    """
    assert spec.calibration is not None
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
        raise ModelProblem(raised(f"calibration {calibration}", error)) from error


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


def _drawer(spec: ModelSpec, like: Inputs, eager: Callable[..., Any]) -> Draw:
    """What makes a set of inputs of a number: random where they were given by shape, else of the kind of `like`."""
    import torch

    if isinstance(spec.inputs, tuple):
        shapes = spec.inputs
        return lambda number: seeded_inputs(shapes, SEED + number)
    try:
        examples = [tensor.detach().cpu().numpy() for tensor in like]
    except (TypeError, RuntimeError):
        # numpy has no bfloat16, for one.
        return lambda number: None
    vocabularies = vocabularies_of(eager, like)

    def draw(number: int) -> Inputs | None:
        drawn = redrawn(examples, vocabularies, SEED + number)
        # A copy in C order: torch takes no negative strides.
        return None if drawn is None else tuple(torch.from_numpy(array.copy()) for array in drawn)

    return draw


def _drawn(draw: Draw, count: int, after: int = 0) -> tuple[Inputs, ...]:
    return tuple(one for number in range(after + 1, after + 1 + count) if (one := draw(number)) is not None)


def is_in_domain(eager: Callable[..., Any], golden: Inputs, made_up: Inputs) -> bool:
    """Say whether forward takes inputs that we made up: it neither raises nor answers NaN where it does not else."""
    nan = _answers_nan(eager, made_up)
    return nan is False or (nan is True and _answers_nan(eager, golden) is True)


def has_nan(outputs: Iterable[tuple[str, torch.Tensor]]) -> bool:
    return any(bool(tensor.isnan().any()) for _, tensor in outputs)


def _answers_nan(eager: Callable[..., Any], inputs: Inputs) -> bool | None:
    """None where forward raises."""
    import torch

    try:
        with torch.no_grad():
            return has_nan(flatten(eager(*(tensor.clone() for tensor in inputs))))
    except Exception:
        return None


def _same_shapes(one: Inputs, other: Inputs) -> bool:
    return [tensor.shape for tensor in one] == [tensor.shape for tensor in other]


def _equal(one: Inputs, other: Inputs) -> bool:
    import torch

    return _same_shapes(one, other) and all(map(torch.equal, one, other))
