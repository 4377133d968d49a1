"""Detections in an order that is defined: those of equal scores may come in any. Numpy only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pocketfit.judge.golden import TEXT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Outputs = Sequence[tuple[str, NDArray[np.generic]]]

# Scores that differ by less than a few roundings of float32, as a share of the largest, are equal.
EQUAL = 1e-6
# Rows of equal scores that are matched with each other: more are no detections, but padding.
MOST_TIED = 64


def in_eagers_order(expected: Outputs, actual: Outputs) -> Outputs:
    """The file's outputs with rows of equal scores in the order that eager has them in, where it is the same rows.

    Both have the same places and shapes. Scores are an output of one dimension that falls from row to row.
    """
    for tied, rows in _tied(expected):
        # Scores that are all equal are nobody's detections, and any order at all would then be eager's.
        groups = [group for group in tied if len(group) <= MOST_TIED and len(group) < len(expected[min(rows)][1])]
        order = _matching([expected[index][1] for index in rows], [actual[index][1] for index in rows], groups)
        actual = [(path, values[order] if index in rows else values) for index, (path, values) in enumerate(actual)]
    return actual


def has_ties(expected: Outputs) -> bool:
    """Say whether detections of eager have the same score."""
    return any(True for _ in _tied(expected))


def _tied(outputs: Outputs) -> Iterator[tuple[list[range], set[int]]]:
    """The groups of rows that have equal scores, and the indices of the outputs whose rows they are."""
    import numpy as np

    for index, (_, scores) in enumerate(outputs):
        if scores.ndim != 1 or scores.dtype.kind != "f" or scores.size < 2 or not np.isfinite(scores).all():
            continue
        plain = scores.astype(np.float64)
        falls, least = -np.diff(plain), EQUAL * float(np.abs(plain).max())
        rows = {
            other
            for other, (path, values) in enumerate(outputs)
            if values.shape[:1] == scores.shape and not path.endswith(TEXT)
        }
        if (falls < -least).any() or rows == {index}:
            continue
        starts = [0, *(np.flatnonzero(falls > least) + 1).tolist(), scores.size]
        groups = [range(start, end) for start, end in pairwise(starts)]
        if tied := [group for group in groups if len(group) > 1]:
            yield tied, rows


def _matching(expected: Sequence[Any], actual: Sequence[Any], groups: Sequence[range]) -> list[int]:
    """For each of eager's rows the file's that is nearest to it, among those of equal scores."""
    import numpy as np

    right, wrong = _as_rows(expected), _as_rows(actual)
    order = list(range(len(right)))
    for group in groups:
        left = list(group)
        for row in group:
            distances = np.abs(wrong[left] - right[row]).sum(-1)
            order[row] = left.pop(int(np.nan_to_num(distances, nan=np.inf).argmin()))
    return order


def _as_rows(outputs: Sequence[Any]) -> Any:
    """All that belongs to a detection in one row, each output in units of its largest value."""
    import numpy as np

    flat = [values.reshape(len(values), -1).astype(np.float64) for values in outputs]
    return np.concatenate([one / (float(np.abs(np.nan_to_num(one)).max(initial=0.0)) or 1.0) for one in flat], -1)
