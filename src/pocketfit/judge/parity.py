"""Measures how far outputs are from eager's, and says how far they may be. Numpy only: host and device use it alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pocketfit.judge.golden import TEXT
from pocketfit.judge.scores import score
from pocketfit.records import EXACT_SQNR_DB, Limits, OutputParity, Parity, TensorFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

# The lowest SQNR that is no failure, by precision. All were measured on torchvision's classifiers with batch-norm
# statistics, on this project's torch.
# fp32: exports agree with eager to 105-130 dB, the broken recipe of pytorch#76807 to 0-2 dB: 60 dB, a relative error of
#   a thousandth, is far from both.
# fp16: 11 significant bits (IEEE 754 binary16) leave 56-66 dB over whole networks; 40 dB allows ten times that error.
# int8, int8-dynamic: static qnnpack quantization leaves 29-40 dB, one whose ranges are saturated 1.5 dB. At 10 dB the
#   error has a tenth of the signal's power; below, the answers are mostly noise. It is a floor against broken
#   quantization, not a promise of accuracy: that is what `metric` and `metric_drop` are for.
# SQNR as the measure of a quantized network: Lin, Talathi, Annapureddy, ICML 2016 (arXiv:1511.06393).
DEFAULT_MIN_SQNR_DB = {"fp32": 60.0, "fp16": 40.0, "int8": 10.0, "int8-dynamic": 10.0}

# Less than this, in fp32, is no rounding: what was right left 82 dB (inception_v3) to 142 dB in docs/support.md, and a
# pass that lost an in-place change of swin_v2_t 62 dB.
ROUNDING_MIN_SQNR_DB = {"fp32": 75.0}

# Floor for outputs that can't be scored (see scores.degenerate): about one rounding step at values near 1.
SILENT_MAX_ABS_DIFF = {"fp32": 1e-5}
SILENT_MAX_ABS_DIFF_ELSE = 1e-3


# Why nothing judges an int8 file, whichever inputs it is compared on.
CALIBRATED_WITH = "was calibrated on the very inputs that it is compared on"
ONE_VALUE_KNOWN = "was calibrated and is compared on one value of an input"


@dataclass(frozen=True)
class Disagreement:
    """A reason not to ship an output: the limit it is beyond, by its key in the configuration, and a sentence."""

    limit: str
    sentence: str


def structure_differs(expected: Sequence[TensorFile], actual: Sequence[TensorFile]) -> str | None:
    """Say how the outputs differ before any value is looked at, or None."""
    if [tensor.path for tensor in expected] != [tensor.path for tensor in actual]:
        return f"its outputs are {_paths(actual)} where eager has {_paths(expected)}"
    for one, other in zip(expected, actual, strict=True):
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            return f"output{one.path} is {_kind(other)} where eager has {_kind(one)}"
    return None


def compare(expected: Sequence[Array], actual: Sequence[Array], paths: Sequence[str] = ()) -> Parity:
    """Parity over all outputs of one set of inputs, pairwise of equal shape."""
    return compare_sets([expected], [actual], paths)


def compare_sets(
    expected: Sequence[Sequence[Array]], actual: Sequence[Sequence[Array]], paths: Sequence[str] = ()
) -> Parity:
    """Parity over all outputs and input sets: both are lists of sets, each a list of outputs (see scores.score).

    Outputs whose agreement would mean nothing count for `max_abs_diff` alone.
    """
    columns = zip(zip(*expected, strict=True), zip(*actual, strict=True), strict=True)
    names = paths or [f"[{index}]" for index in range(len(expected[0]))]
    scores = [score(path, *column) for path, column in zip(names, columns, strict=True)]
    outputs = tuple(scored.parity for scored in scores)
    differences = [output.max_abs_diff for output in outputs]
    rows = sum(scored.rows for scored in scores)
    return Parity(
        max_abs_diff=None if None in differences else max((d for d in differences if d is not None), default=None),
        sqnr_db=min((output.sqnr_db for output in outputs if output.sqnr_db is not None), default=None),
        argmax_agreement=sum(scored.agreeing for scored in scores) / rows if rows else None,
        cosine=min((output.cosine for output in outputs if output.cosine is not None), default=None),
        outputs=outputs,
        input_sets=len(expected),
    )


def unscored(parity: Parity) -> tuple[str, ...]:
    """A sentence for each output whose agreement would mean nothing."""
    return tuple(
        f"{_output(output.path)} {output.degenerate}: agreement there means nothing"
        for output in parity.outputs
        if output.degenerate
    )


def without_score(parity: Parity, why: str) -> Parity:
    """The parity of outputs whose agreement means nothing: `why` goes on after an output's name."""
    outputs = tuple(
        OutputParity(one.path, one.max_abs_diff, degenerate=one.degenerate or why, largest=one.largest)
        for one in parity.outputs
    )
    return Parity(parity.max_abs_diff, outputs=outputs, input_sets=parity.input_sets)


def unjudged_as(host: Parity, device: Parity) -> Parity:
    """The device's parity without a score where the host's has none for what the inputs are."""
    causes = {one.degenerate for one in host.outputs}
    why = next((why for why in (CALIBRATED_WITH, ONE_VALUE_KNOWN) if why in causes), None)
    return without_score(device, why) if why else device


def disagreements(parity: Parity, limits: Limits, precision: str) -> tuple[Disagreement, ...]:
    """Every limit on parity that is passed: the configuration's, else the default of the precision."""
    if parity.sqnr_db == -EXACT_SQNR_DB and parity.max_abs_diff is None:
        return (
            Disagreement("min_sqnr_db", "its output has NaN or infinity where eager's has not, or the other way round"),
        )
    broken = []
    floor_db = limits.min_sqnr_db if limits.min_sqnr_db is not None else DEFAULT_MIN_SQNR_DB.get(precision)
    if floor_db is not None and parity.sqnr_db is not None and parity.sqnr_db < floor_db:
        where = _at(parity.outputs, [output.sqnr_db for output in parity.outputs], parity.sqnr_db)
        broken.append(
            Disagreement("min_sqnr_db", f"SQNR against eager is {parity.sqnr_db:.1f} dB{where}, below {floor_db:g} dB")
        )
    if limits.max_abs_diff is None:
        return (*broken, *_far_off(parity, floor_db, precision))
    if parity.max_abs_diff is not None and parity.max_abs_diff > limits.max_abs_diff:
        where = _at(parity.outputs, [output.max_abs_diff for output in parity.outputs], parity.max_abs_diff)
        broken.append(
            Disagreement(
                "max_abs_diff",
                f"the largest difference from eager is {parity.max_abs_diff:.3g}{where}, above {limits.max_abs_diff:g}",
            )
        )
    return tuple(broken)


def _far_off(parity: Parity, floor_db: float | None, precision: str) -> Iterator[Disagreement]:
    """Outputs that have no score must be close all the same.

    The difference may be the share of the largest value that the floor of the others allows their errors.
    """
    least = SILENT_MAX_ABS_DIFF.get(precision, SILENT_MAX_ABS_DIFF_ELSE)
    for output in parity.outputs:
        allowed = max(least, (output.largest or 0.0) * 10 ** (-(floor_db or 0.0) / 20))
        if output.degenerate and output.max_abs_diff is not None and output.max_abs_diff > allowed:
            yield Disagreement(
                "max_abs_diff",
                f"{_output(output.path)} {output.degenerate}, and the artifact's is {output.max_abs_diff:.3g} off, "
                f"above {allowed:.3g}",
            )


def meaningless(parity: Parity | None) -> str | None:
    """Why agreement of all outputs alike would mean nothing, where that is so of each."""
    causes = [output.degenerate for output in parity.outputs] if parity else []
    return next(iter(causes)) if causes and all(causes) else None


def believable(parity: Parity, known: Parity) -> Parity:
    """A device's parity without the scores of outputs whose agreement means nothing by all that is `known`.

    A device is given one set of inputs: only the host sees that an output is the same for every set.
    """
    causes = {output.path: output.degenerate for output in known.outputs if output.degenerate}
    if not any(output.path in causes for output in parity.outputs):
        return parity
    outputs = tuple(
        OutputParity(output.path, output.max_abs_diff, degenerate=causes[output.path], largest=output.largest)
        if output.path in causes
        else output
        for output in parity.outputs
    )
    scored = [output for output in outputs if not output.degenerate]
    return replace(
        parity,
        outputs=outputs,
        sqnr_db=min((output.sqnr_db for output in scored if output.sqnr_db is not None), default=None),
        cosine=min((output.cosine for output in scored if output.cosine is not None), default=None),
        argmax_agreement=parity.argmax_agreement if scored else None,
    )


def _at(outputs: Sequence[OutputParity], values: Sequence[float | None], value: float) -> str:
    """Name the output with the worst value, if there are several."""
    return f" at {_output(outputs[values.index(value)].path)}" if len(outputs) > 1 and value in values else ""


def _output(path: str) -> str:
    place = path.removesuffix(TEXT)
    return f"output {place}" if place else "the output"


def _paths(tensors: Sequence[TensorFile]) -> str:
    return ", ".join(tensor.path or "one tensor" for tensor in tensors) or "nothing"


def _kind(tensor: TensorFile) -> str:
    return f"{tensor.dtype} {'x'.join(map(str, tensor.shape)) or 'scalar'}"
