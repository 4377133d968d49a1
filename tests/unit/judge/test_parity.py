from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pocketfit.judge.parity import (
    Disagreement,
    compare,
    compare_sets,
    disagreements,
    structure_differs,
    unscored,
)
from pocketfit.judge.scores import degenerate
from pocketfit.records import Limits, OutputParity, Parity, TensorFile


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-4)


def array(*values: float) -> np.ndarray:
    return np.array([values], dtype=np.float32)


@pytest.mark.parametrize(
    ("expected", "actual", "parity"),
    [
        ([array(3, 4)], [array(3, 4)], Parity(0.0, 300.0, 1.0, 1.0)),
        # 10 log10(25 / 0.25) = 20; cosine (9 + 18) / (5 * |3, 4.5|)
        ([array(3, 4)], [array(3, 4.5)], Parity(0.5, 20.0, 1.0, near(27 / (5 * 29.25**0.5)))),
        ([array(3, 4)], [array(4.5, 4)], Parity(1.5, near(10.4576), 0.0, near(29.5 / (5 * 36.25**0.5)))),
        # The worst of several outputs counts, the argmax over all rows.
        ([array(3, 4), array(1, 0)], [array(3, 4), array(0, 1)], Parity(1.0, near(-3.0103), 0.5, 0.0)),
        # No signal: only the difference is said.
        ([array(0, 0)], [array(0, 1e-7)], Parity(near(1e-7), None, None, None)),
        ([array(0, 0), array(3, 4)], [array(0, 0), array(3, 4)], Parity(0.0, 300.0, 1.0, 1.0)),
        ([array(1, np.nan)], [array(1, 2)], Parity(None, -300.0, None)),
        ([array(1, 2)], [array(1, np.inf)], Parity(None, -300.0, None)),
        ([array(1, np.nan)], [array(1.5, np.nan)], Parity(0.5, None, None)),
        # Masked by infinity: the rest is compared.
        ([array(1, 2, -np.inf)], [array(1, 2, -np.inf)], Parity(0.0, 300.0, 1.0, 1.0)),
        # One value, or integers, have no argmax to agree on.
        ([array(2)], [array(2)], Parity(0.0, 300.0, None, 1.0)),
        ([np.array([3, 4])], [np.array([3, 4])], Parity(0.0, 300.0, None, 1.0)),
        ([np.array([3, 4])], [np.array([3, 5])], Parity(1.0, near(13.9794), None, near(29 / (5 * 34**0.5)))),
        ([np.array([0])], [np.array([0])], Parity(0.0, 300.0, None, None)),
    ],
)  # fmt: skip
def test_parity_is_over_all_outputs(expected: list[np.ndarray], actual: list[np.ndarray], parity: Parity) -> None:
    found = compare(expected, actual)
    assert replace(found, outputs=(), input_sets=None) == parity
    assert (len(found.outputs), found.input_sets) == (len(expected), 1)


def test_the_worst_of_several_sets_counts_for_each_output() -> None:
    first, second = [array(3, 4), array(1, 2)], [array(4, 3), array(2, 1)]
    other = [array(4, 3.5), array(2, 1)]
    parity = compare_sets([first, second], [first, other], ["['a']", "['b']"])
    a, b = parity.outputs
    assert (a.path, a.max_abs_diff, a.sqnr_db, a.argmax_agreement, a.largest) == ("['a']", 0.5, 20.0, 1.0, 4.0)
    assert b == OutputParity("['b']", 0.0, 300.0, near(1.0), 1.0, None, 2.0)
    assert (parity.max_abs_diff, parity.sqnr_db, parity.input_sets) == (0.5, 20.0, 2)


def test_classes_are_at_axis_1_of_maps() -> None:
    scores = np.zeros((1, 2, 2, 2), dtype=np.float32)
    scores[0, 1] = 1
    other = scores.copy()
    other[0, 0, 0, 0] = 2
    assert compare([scores], [other]).argmax_agreement == 0.75


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([array(0, 0)], "is all zeros"),
        ([array(1e-15, -3.1e-15)], "is all near zero (largest 3.1e-15)"),
        ([array(1e-6, 0)], None),
        ([array(1, np.nan)], "is NaN in 1 of 2 values in eager itself"),
        ([array(np.inf, np.inf)], "is infinite everywhere in eager itself"),
        ([array(2, 2)], "is constant (2)"),
        ([array(2, 2.001)], None),
        ([array(2, 2), array(3, 3)], "has no largest value, since it is constant along its classes"),
        ([array(2, 3), array(2, 3)], "is the same for all 2 sets of inputs"),
        ([array(2, 3), array(2, 3, 4)], None),
        ([array(1, -np.inf), array(2, -np.inf)], None),
        # A single value and a label of 0 say something.
        ([array(2)], None),
        ([np.array([0])], None),
        ([np.array([0]), np.array([0])], "is constant (0)"),
        ([np.zeros((0, 4), dtype=np.float32)], "is empty"),
    ],
)  # fmt: skip
def test_an_output_whose_agreement_means_nothing_is_told(values: list[np.ndarray], said: str | None) -> None:
    assert degenerate(values) == said


@pytest.mark.parametrize(
    ("expected", "actual", "sentences"),
    [
        ([array(0, 0)], [array(0, 9e-6)], []),
        ([array(0, 0)], [array(0, 1)], ["output [0] is all zeros, and the artifact's is 1 off, above 1e-05"]),
        # A constant has a size: a thousandth of it, where 60 dB are asked for.
        ([array(500, 500)], [array(500, 500.4)], []),
        ([array(500, 500)], [array(500, 501)], ["output [0] is constant (500), and the artifact's is 1 off, above 0.5"]),
        ([array(1, np.nan)], [array(3, np.nan)], ["output [0] is NaN in 1 of 2 values in eager itself, and the artifact's is 2 off, above 0.001"]),
    ],
)  # fmt: skip
def test_an_output_without_a_score_must_be_close_all_the_same(
    expected: list[np.ndarray], actual: list[np.ndarray], sentences: list[str]
) -> None:
    assert [one.sentence for one in disagreements(compare(expected, actual), Limits(), "fp32")] == sentences


def test_what_has_no_score_is_said() -> None:
    parity = compare([array(0, 0), array(1, 2)], [array(0, 0), array(1, 2)], ["[0]", "[1]"])
    assert unscored(parity) == ("output [0] is all zeros: agreement there means nothing",)
    assert unscored(compare([array(2, 2)], [array(2, 2)], [""])) == (
        "the output is constant (2): agreement there means nothing",
    )


@pytest.mark.parametrize(
    ("parity", "limits", "found"),
    [
        (Parity(1e-6, 120.0, 1.0), Limits(), ()),
        (Parity(1.0, 2.3, 0.0), Limits(), (Disagreement("min_sqnr_db", "SQNR against eager is 2.3 dB, below 60 dB"),)),
        (Parity(1.0, 2.3, 0.0), Limits(min_sqnr_db=2.0), ()),
        (
            Parity(0.01, 90.0, 1.0),
            Limits(max_abs_diff=1e-3),
            (Disagreement("max_abs_diff", "the largest difference from eager is 0.01, above 0.001"),),
        ),
        (
            Parity(None, -300.0, None),
            Limits(min_sqnr_db=-1000),
            (Disagreement("min_sqnr_db", "its output has NaN or infinity where eager's has not, or the other way round"),),
        ),
    ],
)  # fmt: skip
def test_every_limit_that_is_passed_is_named(parity: Parity, limits: Limits, found: tuple[Disagreement, ...]) -> None:
    assert disagreements(parity, limits, "fp32") == found


@pytest.mark.parametrize(
    ("precision", "sqnr_db", "passes"),
    [
        ("fp32", 105.0, True),
        ("fp32", 59.0, False),
        ("fp16", 56.0, True),
        ("fp16", 39.0, False),
        ("int8", 29.0, True),
        ("int8", 1.5, False),
        ("int8-dynamic", 11.0, True),
        ("int8-dynamic", 9.0, False),
    ],
)
def test_each_precision_has_its_floor(precision: str, sqnr_db: float, passes: bool) -> None:
    assert (disagreements(Parity(1.0, sqnr_db), Limits(), precision) == ()) is passes


def test_of_several_outputs_the_worst_is_named() -> None:
    parity = compare([array(3, 4), array(1, 2)], [array(3, 4), array(2, 1)], ["[0]", "[1]"])
    assert [one.sentence for one in disagreements(parity, Limits(max_abs_diff=0.5), "fp32")] == [
        "SQNR against eager is 4.0 dB at output [1], below 60 dB",
        "the largest difference from eager is 1 at output [1], above 0.5",
    ]


def test_other_outputs_are_told_before_any_value_is_compared() -> None:
    one = TensorFile("[0]", "float32", (1, 10), "")
    assert structure_differs([one], [one]) is None
    assert structure_differs([one], []) == "its outputs are nothing where eager has [0]"
    assert (
        structure_differs([one], [TensorFile("['a']", "float32", (1, 10), "")])
        == "its outputs are ['a'] where eager has [0]"
    )
    assert (
        structure_differs([one], [TensorFile("[0]", "float32", (10,), "")])
        == "output[0] is float32 10 where eager has float32 1x10"
    )


@pytest.mark.parametrize(
    ("expected", "actual", "difference", "sqnr_db", "cosine"),
    [
        ([3e200, 4e200], [3e200, 4e200], 0.0, 300.0, 1.0),
        ([3e200, 4e200], [3e200, 4.5e200], 0.5e200, 20.0, 27 / (5 * 29.25**0.5)),
        ([2e157, 1.0, 9e232], [1.0, 1.0, 9e232], 2e157, 300.0, 1.0),
        ([1.7e308, 1.0], [-1.7e308, 1.0], sys.float_info.max, -6.0206, -1.0),
    ],
)
def test_outputs_whose_squares_are_beyond_float64_are_judged_too(
    expected: list[float], actual: list[float], difference: float, sqnr_db: float, cosine: float
) -> None:
    """Their SQNR was NaN, which is below no limit; tests/fuzz/test_said.py found it."""
    parity = compare([np.array([expected])], [np.array([actual])])
    assert parity.max_abs_diff == pytest.approx(difference)
    assert (parity.sqnr_db, parity.cosine) == (near(sqnr_db), near(cosine))
