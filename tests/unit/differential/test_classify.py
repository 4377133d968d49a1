"""What Pocketfit said and what is true: every pair has one class."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential.classify import (
    FALSE_FAIL,
    FALSE_PASS,
    OUT_OF_TIME,
    TRUE_FAIL,
    TRUE_PASS,
    WRONG_REASON,
    classify,
)
from tests.differential.grammar.draft import Feature

STATE = (Feature("running_mean", r"buffer"),)
PASSED: dict[str, Any] = {"state": "exported", "reasons": []}


@pytest.mark.parametrize(
    ("precision", "built", "truth", "features", "kind"),
    [
        ("fp32", PASSED, 120.0, (), TRUE_PASS),
        ("fp32", PASSED, None, (), TRUE_PASS),
        ("fp32", PASSED, 50.0, (), FALSE_PASS),
        ("int8", PASSED, 7.0, (), TRUE_PASS),
        ("int8", PASSED, 4.4, (), FALSE_PASS),
        ("fp32", PASSED, "random", (), FALSE_PASS),
        ("fp32", PASSED, "signal 11", (), FALSE_PASS),
        ("fp32", "the buffer b0 changes", 3.0, STATE, TRUE_FAIL),
        ("fp32", "the buffer b0 changes", 120.0, STATE, FALSE_FAIL),
        ("int8", "SQNR against eager is 9.1 dB", 11.0, (), TRUE_FAIL),
        ("fp32", "look for dropout or random numbers", 3.0, STATE, WRONG_REASON),
        ("fp32", "it fails", 3.0, STATE, WRONG_REASON),
        ("fp32", "RuntimeError:", 3.0, (), WRONG_REASON),
        ("fp32", "took longer than --timeout, 60 s", "signal 9", (), OUT_OF_TIME),
    ],
)
def test_each_pair_has_its_class(
    precision: str, built: Any, truth: float | str | None, features: tuple[Feature, ...], kind: str
) -> None:
    made = built if isinstance(built, dict) else {"state": "not-exported", "reason": built, "reasons": []}
    if kind == OUT_OF_TIME:
        made = {"died": built}
    assert classify(precision, made, told(truth), features).kind == kind


def test_what_torch_itself_says_is_a_reason_whatever_was_planted() -> None:
    built = {"state": "not-exported", "reason": "torch.jit.trace fails: mat1 and mat2 differ", "reasons": []}
    assert classify("fp16", built, {"error": "mat1 and mat2 differ"}, STATE).kind == TRUE_FAIL
    assert classify("fp16", built, {"error": "another error"}, STATE).kind == WRONG_REASON


@pytest.mark.parametrize(
    ("reason", "device", "kind"),
    [
        ("aten::x (in m0) is not in pytorch_android_lite 1.12.2", "failed: it does not have aten::x", TRUE_FAIL),
        ("aten::x (in m0) is not in pytorch_android_lite 1.12.2", "failed: 3.1 dB", WRONG_REASON),
        ("it fails", "failed: it does not have aten::x", WRONG_REASON),
        ("aten::x (in m0) is not in pytorch_android_lite 1.12.2", "", FALSE_FAIL),
    ],
)
def test_what_the_library_lacks_is_a_reason_where_the_device_says_so_too(reason: str, device: str, kind: str) -> None:
    built = {"state": "not-exported", "reason": reason, "reasons": []}
    truth = told(120.0) | ({"device": device} if device else {})
    assert classify("fp32", built, truth, STATE).kind == classify("fp32", built, truth, ()).kind == kind


def test_what_the_library_lacks_is_a_reason_beside_what_the_host_says() -> None:
    built = {"state": "not-exported", "reason": "aten::x (in m0) is not in pytorch_android 1", "reasons": []}
    truth = {"error": "can't be read", "device": "it does not have aten::x"}
    assert classify("fp32", built, truth, STATE).kind == TRUE_FAIL


def test_eight_bits_that_are_too_few_by_the_documented_way_too_are_a_reason() -> None:
    built = {"state": "not-exported", "reason": "SQNR against eager is 5.8 dB, below 10 dB", "reasons": []}
    assert classify("int8", built, told(6.1), STATE).kind == TRUE_FAIL
    assert classify("fp32", built, told(6.1), STATE).kind == WRONG_REASON


def test_a_pass_beside_a_reason_that_blames_what_is_not_there_is_a_wrong_reason() -> None:
    built = {"state": "exported", "reasons": ["a value of inputs was baked in"]}
    assert classify("fp32", built, told(120.0), STATE).kind == WRONG_REASON


def told(truth: float | str | None) -> dict[str, Any]:
    if truth == "random":
        return {"random": True}
    if isinstance(truth, str):
        return {"died": truth}
    return {"agreement": {"sqnr_db": truth, "max_abs_diff": 0.0, "problem": "", "scale": 1.0}}
