"""Compares a file with eager over calls in a row: does it keep its state between them as the model does? Numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pocketfit.judge.outputs import Judged, judge, judge_sets
from pocketfit.records import Limits, Parity

if TYPE_CHECKING:
    from pocketfit.judge.outputs import Outputs

# A change of answers between calls is rounding below this share of them: 100 dB.
LEAST_SHARE = 1e-5
# A change is told from the file's own error on the first call where it is so many times as large.
ABOVE_ERROR = 4.0
# A file that keeps nothing misses the whole change, one that rounds next to nothing of it.
MISSED = 0.5


FORGETS = "it is right when first called, and not from the second call on"
UNCHANGED = "its answers do not change as eager's do"


def judge_calls(
    expected: Sequence[Outputs], actual: Sequence[Outputs], limits: Limits, precision: str, *, flat: bool = False
) -> Judged:
    """Compare what a file answered to some calls in a row with eager's answers to them; the first counts first."""
    if len(expected) != len(actual):
        return Judged(Parity(), f"it answered {len(actual)} of {len(expected)} calls in a row", same_structure=False)
    first = judge(expected[0], actual[0], limits, precision, flat=flat)
    if first.problem or len(expected) == 1:
        return first
    whole = judge_sets(zip(expected, actual, strict=True), limits, precision, flat=flat)
    problem = whole.problem
    if whole.same_structure and misses_the_change(expected, actual):
        problem = problem or UNCHANGED
    return replace(whole, problem=f"{FORGETS}: {problem}") if problem else whole


def misses_the_change(expected: Sequence[Outputs], actual: Sequence[Outputs]) -> bool:
    """True where eager's answers change from call to call, and the file's do not change with them.

    Both are answers to calls in a row, each with the same outputs. A state that moves the answer by little is within
    any limit on the answer itself, so the change is what is compared.
    """
    first, answered_first = expected[0], actual[0]
    return any(
        _is_missed(*(values for _, values in four))
        for later, answered in zip(expected[1:], actual[1:], strict=True)
        for four in zip(first, later, answered_first, answered, strict=True)
    )


def _is_missed(first: Any, later: Any, answered_first: Any, answered: Any) -> bool:
    import numpy as np

    values = [_widest(one) for one in (first, later, answered_first, answered)]
    if len({one.shape for one in values}) > 1:
        return False
    finite = np.all([np.isfinite(one) for one in values], axis=0)
    first, later, answered_first, answered = (one[finite] for one in values)
    change, error = np.linalg.norm(later - first), np.linalg.norm(answered_first - first)
    if change <= max(LEAST_SHARE * np.linalg.norm(first), ABOVE_ERROR * error):
        return False
    return bool(np.linalg.norm((answered - answered_first) - (later - first)) > MISSED * change)


def _widest(values: Any) -> Any:
    import numpy as np

    return values.astype(np.complex128 if np.iscomplexobj(values) else np.float64)
