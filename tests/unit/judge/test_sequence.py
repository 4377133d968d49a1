"""Whether answers to calls in a row change as eager's do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pocketfit.judge.sequence import judge_calls, misses_the_change
from pocketfit.records import Limits

FIRST = np.array([1.0, -2.0, 3.0])
CHANGE = np.array([1e-3, 2e-3, -1e-3])
NOISE = np.array([2e-7, -1e-7, 1e-7])


def calls(*values: Any) -> list[list[tuple[str, Any]]]:
    return [[("", np.asarray(one))] for one in values]


EAGER = calls(FIRST, FIRST + CHANGE, FIRST + 2 * CHANGE)


@pytest.mark.parametrize(
    ("file", "misses"),
    [
        ((FIRST + NOISE, FIRST + CHANGE, FIRST + 2 * CHANGE - NOISE), False),
        ((FIRST, FIRST, FIRST), True),
        ((FIRST, FIRST + CHANGE, FIRST + CHANGE), True),
        ((FIRST, FIRST - CHANGE, FIRST - 2 * CHANGE), True),
        # A quantized file is off by more than what changes: nothing can be told.
        ((FIRST + 0.1, FIRST + 0.1, FIRST + 0.1), False),
        ((FIRST[:2], FIRST[:2], FIRST[:2]), False),
    ],
)
def test_a_small_change_is_missed_or_followed(file: tuple[Any, ...], misses: bool) -> None:
    assert misses_the_change(EAGER, calls(*file)) is misses


def test_a_model_that_answers_alike_changes_nothing() -> None:
    assert not misses_the_change(calls(FIRST, FIRST + NOISE), calls(FIRST, FIRST))
    infinite = np.array([np.inf, np.nan, 1.0])
    assert not misses_the_change(calls(infinite, infinite), calls(infinite, infinite))


def test_complex_numbers_and_integers_change_too() -> None:
    assert misses_the_change(calls(np.array([1j]), np.array([2j])), calls(np.array([1j]), np.array([1j])))
    assert misses_the_change(calls(np.array([1]), np.array([2])), calls(np.array([1]), np.array([1])))


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (EAGER, ""),
        (calls(FIRST + 1, FIRST, FIRST), "SQNR against eager is 6.7 dB, below 60 dB"),
        (calls(FIRST, FIRST, FIRST), "it is right when first called, and not from the second call on: "),
        (calls(FIRST, FIRST + CHANGE, FIRST[:2]), "it is right when first called, and not from the second call on: "),
        (calls(FIRST), "it answered 1 of 3 calls in a row"),
    ],
)
def test_calls_in_a_row_are_compared_one_by_one(file: Any, problem: str) -> None:
    said = judge_calls(EAGER, file, Limits(), "fp32").problem
    assert said.startswith(problem)
    assert bool(said) == bool(problem)


def test_a_single_call_is_compared_as_ever() -> None:
    assert judge_calls(EAGER[:1], calls(FIRST), Limits(), "fp32").parity.max_abs_diff == 0
