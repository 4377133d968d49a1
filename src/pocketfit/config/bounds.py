"""Between which values inputs can be made up."""

from __future__ import annotations

import math

# Those of int64 leave room for one more.
BOUNDS = {
    "int64": (-(2**62), 2**62),
    "int32": (-(2**31), 2**31 - 1),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "bool": (0, 1),
}
Bound = int | float | None


def bounds_problem(dtype: str, low: Bound, high: Bound, value: Bound) -> str | None:
    """Say why values of this dtype can't be made up between these bounds, or None."""
    given = [bound for bound in (low, high, value) if bound is not None]
    if not given:
        return None
    if value is not None and len(given) > 1:
        return "write low and high, or one value"
    if low is not None and high is None:
        return "low needs high beside it"
    if high is not None and (low or 0) > high:
        return f"low = {low or 0} is above high = {high}"
    if dtype not in BOUNDS:
        return None if all(math.isfinite(bound) for bound in given) else "write bounds that are finite"
    least, largest = BOUNDS[dtype]
    if any(not isinstance(bound, int) or not least <= bound <= largest for bound in given):
        return f"{dtype} takes whole numbers from {least} to {largest}"
    return None
