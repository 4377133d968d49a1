"""Detections of equal scores, which may come in any order, and all else, which may not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pocketfit.judge.outputs import TIES, judge
from pocketfit.judge.ties import has_ties
from pocketfit.records import Limits

RANDOM = np.random.RandomState(0)
SCORES = np.array([0.9, 0.5, 0.5, 0.5, 0.25], np.float32)
BOXES = RANDOM.uniform(0, 300, (5, 4)).astype(np.float32)
LABELS = np.array([1, 2, 3, 4, 5])


def detections(order: list[int], scores: Any = SCORES) -> list[tuple[str, Any]]:
    return [("['boxes']", BOXES[order]), ("['labels']", LABELS[order]), ("['scores']", scores[order])]


EAGER = detections([0, 1, 2, 3, 4])


def test_rows_of_equal_scores_may_come_in_any_order() -> None:
    judged = judge(EAGER, detections([0, 3, 1, 2, 4]), Limits(), "fp32")
    assert (judged.problem, judged.parity.max_abs_diff) == ("", 0.0)


def test_scores_that_rounding_alone_tells_apart_are_equal() -> None:
    rounded = SCORES + np.array([0, 0, 3e-8, 6e-8, 0], np.float32)
    judged = judge(EAGER, detections([0, 3, 2, 1, 4], rounded), Limits(), "fp32")
    assert judged.problem == ""
    assert judged.parity.max_abs_diff is not None
    assert judged.parity.max_abs_diff < 1e-7


def test_rows_of_other_scores_may_not() -> None:
    judged = judge(EAGER, detections([1, 0, 2, 3, 4]), Limits(), "fp32")
    assert judged.problem.startswith("SQNR against eager is ")
    assert judged.problem.endswith(TIES)


def test_what_is_another_box_is_wrong_and_ties_are_named() -> None:
    wrong = detections([0, 3, 1, 2, 4])
    wrong[0] = ("['boxes']", np.where(wrong[0][1] == BOXES[3], wrong[0][1] + 40, wrong[0][1]))
    judged = judge(EAGER, wrong, Limits(), "fp32")
    assert judged.problem.startswith("SQNR against eager is ")
    assert judged.problem.endswith("below 60 dB" + TIES)
    fewer = [(path, values[:4]) for path, values in EAGER]
    assert judge(EAGER, fewer, Limits(), "fp32").problem == (
        "output['boxes'] is float32 4x4 where eager has float32 5x4" + TIES
    )


def test_scores_that_are_all_equal_put_nothing_in_order() -> None:
    """As an untrained network has them: another order is no agreement, and what is wrong may be the order."""
    same = np.full(5, 0.5, np.float32)
    judged = judge(detections([0, 1, 2, 3, 4], same), detections([4, 3, 2, 1, 0], same), Limits(), "fp32")
    assert judged.problem.startswith("SQNR against eager is ")
    assert judged.problem.endswith(TIES)


@pytest.mark.parametrize(
    "outputs",
    [
        [("['scores']", SCORES)],
        [("['scores']", SCORES[::-1]), ("['boxes']", BOXES)],
        [("['scores']", np.array([5, 4, 4, 4, 1])), ("['boxes']", BOXES)],
        [("['scores']", np.linspace(1, 0, 5, dtype=np.float32)), ("['boxes']", BOXES)],
        [("['scores']", np.array([0.9, np.nan, 0.5, 0.5, 0.1])), ("['boxes']", BOXES)],
        [("['scores']", SCORES), (".encode()", np.frombuffer(b"hello", np.uint8))],
    ],
)
def test_what_has_no_ties_of_detections(outputs: list[tuple[str, Any]]) -> None:
    assert not has_ties(outputs)
