"""One output against eager's, and whether its agreement means anything. Numpy only."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketfit.records import EXACT_SQNR_DB, OutputParity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]
    Floats = NDArray[np.float64]

# The spacing of float32 at 1 (2**-23), where normalisation keeps activations: a sum of such values that should be
# zero comes out about as large. From outside, outputs below it can't be told from what rounding left.
NEAR_ZERO = 2.0**-23

# Values that spread by less than a few roundings of float32 are one value.
CONSTANT_RATIO = 1e-6

# Of values below 2**200 the squares can be added up in float64, and two such sums be multiplied.
LARGEST_EXPONENT = 200


@dataclass(frozen=True)
class Score:
    """`parity` of one output, and the counts behind its argmax agreement."""

    parity: OutputParity
    agreeing: int = 0
    rows: int = 0


def score(path: str, expected: Sequence[Array], actual: Sequence[Array]) -> Score:
    """One output over all input sets, pairwise of equal shape; the worst set counts.

    SQNR is 10 log10(sum of squares of eager / sum of squares of the difference), in float64; -EXACT_SQNR_DB where a
    value is finite on one side only. Infinite values must be the same on both sides, and the finite ones are compared.
    """
    pairs = [(_floats(one), _floats(other)) for one, other in zip(expected, actual, strict=True)]
    if not all(_same_where_not_finite(one, other) for one, other in pairs):
        return Score(OutputParity(path, sqnr_db=-EXACT_SQNR_DB))
    largest = max((_largest(one) for one, _ in pairs), default=0.0)
    difference = max((_difference(one, other) for one, other in pairs), default=0.0)
    if reason := degenerate(expected):
        return Score(OutputParity(path, difference, degenerate=reason, largest=largest))
    # A set that is silent while others speak has no ratio of its own.
    ratios_db = [ratio for pair in pairs if (ratio := _sqnr_db(*pair)) is not None]
    cosines = [cosine for pair in pairs if (cosine := _cosine(*pair)) is not None]
    agreeing, rows = _argmax([*zip(expected, actual, strict=True)])
    parity = OutputParity(
        path,
        difference,
        min(ratios_db, default=None),
        min(cosines, default=None),
        agreeing / rows if rows else None,
        largest=largest,
    )
    return Score(parity, agreeing, rows)


def degenerate(values: Sequence[Array]) -> str | None:
    """Say why agreement with this output would mean nothing, or None. `values` are eager's, one array per input set.

    Whole numbers are exact, so for them only the last two kinds count.
    """
    import numpy as np

    floats = [_floats(array) for array in values]
    every = np.concatenate([array.ravel() for array in floats])
    finite = every[np.isfinite(every)]
    largest = _largest(every)
    if every.size == 0:
        return "is empty"
    if missing := int(np.isnan(every).sum()):
        return f"is NaN in {missing:,} of {every.size:,} values in eager itself"
    if finite.size == 0:
        return "is infinite everywhere in eager itself"
    if values[0].dtype.kind == "f" and largest < NEAR_ZERO:
        return f"is all near zero (largest {largest:.1e})" if largest else "is all zeros"
    tolerance = CONSTANT_RATIO * largest
    if every.size == finite.size > 1 and float(np.ptp(finite)) <= tolerance:
        return f"is constant ({finite[0]:.3g})"
    if len(floats) > 1 and all(_close(floats[0], array, tolerance) for array in floats[1:]):
        return f"is the same for all {len(floats)} sets of inputs"
    rows = [_rows(array) for array in values if has_argmax(array)]
    if rows and all(float(np.ptp(_finite(_floats(row)), axis=-1).max(initial=0.0)) <= tolerance for row in rows):
        return "has no largest value, since it is constant along its classes"
    return None


def has_argmax(values: Array) -> bool:
    return values.dtype.kind == "f" and values.ndim > 0 and _rows(values).shape[-1] > 1


def _rows(values: Array) -> Array:
    """The values with classes last: they are at axis 1 of maps (N, C, H, W and N, C, D, H, W), and last elsewhere."""
    import numpy as np

    return np.moveaxis(values, 1, -1) if values.ndim >= 4 else values


def _argmax(pairs: Sequence[tuple[Array, Array]]) -> tuple[int, int]:
    agreeing = rows = 0
    for one, other in pairs:
        if has_argmax(one):
            same = _rows(one).argmax(-1) == _rows(other).argmax(-1)
            agreeing, rows = agreeing + int(same.sum()), rows + same.size
    return agreeing, rows


def _sqnr_db(one: Floats, other: Floats) -> float | None:
    import numpy as np

    left, right, _ = _scaled(one, other)
    noise, signal = float(np.square(left - right).sum()), float(np.square(left).sum())
    if noise == 0:
        return EXACT_SQNR_DB
    return None if signal == 0 else float(np.clip(10 * np.log10(signal / noise), -EXACT_SQNR_DB, EXACT_SQNR_DB))


def _cosine(one: Floats, other: Floats) -> float | None:
    import numpy as np

    scaled, scaled_other, _ = _scaled(one, other)
    left, right = scaled.ravel(), scaled_other.ravel()
    # One root of the product: equal arrays then give exactly 1.
    lengths = float(np.sqrt((left @ left) * (right @ right)))
    return min(1.0, float(left @ right) / lengths) if lengths else None


def _difference(one: Floats, other: Floats) -> float:
    left, right, exponent = _scaled(one, other)
    try:
        return math.ldexp(_largest(left - right), exponent)
    except OverflowError:
        return sys.float_info.max


def _scaled(one: Floats, other: Floats) -> tuple[Floats, Floats, int]:
    """Both as finite values whose squares can be summed, and the power of two that they were divided by: mostly 0.

    Without it float64 outputs beyond 1e154 have no SQNR, and those that are furthest apart no difference.
    """
    import numpy as np

    exponent = max(0, math.frexp(max(_largest(one), _largest(other)))[1] - LARGEST_EXPONENT)
    return np.ldexp(_finite(one), -exponent), np.ldexp(_finite(other), -exponent), exponent


def _floats(values: Array) -> Floats:
    import numpy as np

    return values.astype(np.float64)


def _finite(values: Floats) -> Floats:
    import numpy as np

    return np.where(np.isfinite(values), values, 0.0)


def _largest(values: Floats) -> float:
    import numpy as np

    return float(np.abs(_finite(values)).max(initial=0.0))


def _same_where_not_finite(one: Floats, other: Floats) -> bool:
    import numpy as np

    return np.array_equal(
        np.where(np.isfinite(one), 0.0, one), np.where(np.isfinite(other), 0.0, other), equal_nan=True
    )


def _close(one: Floats, other: Floats, tolerance: float) -> bool:
    return one.shape == other.shape and _same_where_not_finite(one, other) and _difference(one, other) <= tolerance
