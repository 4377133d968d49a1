"""What Pocketfit said of a variant, against what is true of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.cases.judge import NEVER
from tests.differential.grammar.draft import Feature

TRUE_PASS, TRUE_FAIL = "true pass", "true fail"
FALSE_PASS, FALSE_FAIL, WRONG_REASON = "FALSE PASS", "FALSE FAIL", "WRONG REASON"
OUT_OF_TIME = "out of time"
CLASSES = (TRUE_PASS, TRUE_FAIL, FALSE_PASS, FALSE_FAIL, WRONG_REASON, OUT_OF_TIME)

# What a variant must reach to be right, by precision: Pocketfit's own defaults (judge/parity.py). A quantized file's
# score differs from one set of inputs to the next, by no more than this.
FLOOR_DB = {"fp32": 60.0, "fp16": 40.0, "int8": 10.0, "int8-dynamic": 10.0}
LUCK_DB = {"fp32": 0.0, "fp16": 3.0, "int8": 4.0, "int8-dynamic": 4.0}
# Exact on the golden inputs and this much worse on others, further than rounding leaves: Pocketfit's own rule
# (exporter/verify.py).
BAKED_IN_DB, ROUNDING_DB = 30.0, 75.0
# Where eager is zero everywhere there is no ratio: the difference alone.
SILENT_DIFFERENCE = 1e-5

# What may be said only of models that have it.
ONLY_OF = {
    r"dropout or random|random numbers": ("real_dropout", "noise"),
    r"baked in": ("branch_on_sum", "number_from_value", "loop_until", "branch_on_shape", "input_by_numpy",
                  "input_by_data", "real_dropout", "noise", "hidden_attribute", "shape_cache", "workspace",
                  "assigned_buffer"),
}  # fmt: skip

# What the documented way ends in, and what says the same in Pocketfit's words: a reason whatever was planted.
SAME = (
    (r"does not have aten::", r"aten::\w+ .*(is not in|arguments in) pytorch_android"),
    (r"Error when parsing type \w+\[.*Union", r"values are of different types"),
    # Eight bits are too few by the documented way too.
    (r"^in int8\S*: -?\d+\.\d dB on fresh inputs", r"SQNR against eager is -?\d+\.\d dB"),
)


@dataclass(frozen=True)
class Verdict:
    """`kind` is one of CLASSES; `why` is for a person."""

    kind: str
    why: str = ""


def classify(precision: str, built: dict[str, Any], truth: dict[str, Any], features: Sequence[Feature]) -> Verdict:
    """`built` is the exporter's result (or `died`), `truth` what tests/differential/truth.py answers.

    `truth` has `device` where the documented way's file goes wrong on the device: what it says.
    """
    if "took longer" in f"{built.get('died', '')}{truth.get('died', '')}":
        return Verdict(OUT_OF_TIME, str(built.get("died") or truth.get("died")))
    said = tuple(_sentences(built))
    passed = built.get("state") == "exported"
    if passed:
        if truth.get("random"):
            return Verdict(FALSE_PASS, "eager is random")
        if problem := _disagrees(precision, truth, LUCK_DB[precision]):
            return Verdict(FALSE_PASS, problem)
    elif not _disagrees(precision, truth, -LUCK_DB[precision]):
        return Verdict(FALSE_FAIL, f"{said[0]} -- the documented way: {_shown(truth)}")
    ends_in = [str(truth[key]) for key in ("error", "device") if key in truth]
    ends_in.append(f"in {precision}: {_disagrees(precision, truth, -LUCK_DB[precision])}")
    if problem := _wrong_reason(said, passed, features, ends_in, "device" in truth):
        return Verdict(WRONG_REASON, problem)
    return Verdict(TRUE_PASS if passed else TRUE_FAIL, "" if passed else said[0])


def _sentences(built: dict[str, Any]) -> Iterator[str]:
    if "died" in built:
        yield f"the process died: {built['died']}"
    if built.get("reason"):
        yield str(built["reason"])
    yield from map(str, built.get("reasons", ()))


def _disagrees(precision: str, truth: dict[str, Any], luck_db: float) -> str | None:
    """Why the file is not right, or None. A positive `luck_db` forgives, a negative one demands more."""
    if "died" in truth:
        return f"the file, or the documented way, ends in {truth['died']}"
    if "error" in truth:
        return f"the documented way fails: {truth['error']}"
    if truth.get("random"):
        return "eager is random"
    if "device" in truth:
        return f"on the device: {truth['device']}"
    found = truth["agreement"]
    if found["problem"]:
        return str(found["problem"])
    if found["sqnr_db"] is None:
        silent = found["max_abs_diff"] <= SILENT_DIFFERENCE
        return None if silent else f"off by {found['max_abs_diff']:.3g} where eager is zero"
    golden_db = truth.get("golden_db")
    if precision == "fp32" and golden_db and found["sqnr_db"] < min(ROUNDING_DB, golden_db - BAKED_IN_DB):
        return f"{golden_db:.1f} dB on the golden inputs, {found['sqnr_db']:.1f} dB on fresh ones"
    if found["sqnr_db"] < FLOOR_DB[precision] - luck_db:
        return f"{found['sqnr_db']:.1f} dB on fresh inputs (off by {found['max_abs_diff']:.3g} of {found['scale']:.3g})"
    return None


def _wrong_reason(
    said: Sequence[str], passed: bool, features: Sequence[Feature], ends_in: Sequence[str], asked_device: bool
) -> str | None:
    """What the documented way ends in, said as well, is a reason whatever was planted."""
    names = {one.name for one in features}
    for sentence in said:
        for pattern in NEVER:
            if re.search(pattern, sentence):
                return f"is no reason: {sentence}"
        for pattern, allowed in ONLY_OF.items():
            if re.search(pattern, sentence) and not names & set(allowed):
                return f"nothing of the kind is there: {sentence}"
    if passed or not said or _says(ends_in, said):
        return None
    if not features:
        # Where nothing is planted all that could be at fault is the library.
        return f"does not say what the device does: {said[0]}" if asked_device else None
    if not any(re.search(one.reasons, sentence) for one in features for sentence in said):
        return f"does not name {', '.join(sorted(names))}: {said[0]}"
    return None


def _says(errors: Sequence[str], said: Sequence[str]) -> bool:
    return any(
        error[:60] in sentence or any(re.search(of, error) and re.search(words, sentence) for of, words in SAME)
        for error in errors
        for sentence in said
    )


def _shown(truth: dict[str, Any]) -> str:
    found = truth.get("agreement", {})
    return f"{found['sqnr_db']:.0f} dB" if found.get("sqnr_db") is not None else str(found.get("problem") or "exact")
