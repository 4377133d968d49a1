"""What a series of paired times says about speed. Pure."""

from __future__ import annotations

import math
from statistics import median

from pocketfit.records import Latency, Timing

CONFIDENCE = 0.99

# The fewest pairs from which an interval of this confidence exists: even from the smallest to the largest
# ratio it holds the median with 1 - 2 * 0.5**n, and 0.5**8 is the first power below 0.005.
FEWEST_ROUNDS = 8

# How far off the whole interval must be before we say "slower" or "faster". The interval bounds only the noise
# within one load, and where a load puts a model in memory moves all of its times together: a file timed against
# itself had a median 7.8 % off in one of ten loads. So below 10 % we do not know, until loads are repeated.
PLAIN_DIFFERENCE = 0.10


def judge(timing: Timing | None, identical: bool) -> Latency:
    """Is head slower than base? Times in milliseconds; `ratio` is the median of head over base, round by round.

    `ci_low` and `ci_high` bound that median with 99 % confidence by order statistics, which assume nothing about
    the distribution (W. J. Conover, Practical Nonparametric Statistics, 3rd ed., 1999, section 3.2; as
    `scipy.stats.quantile_test`). The verdict is `unclear` unless the whole interval is beyond 10 % on one side.
    """
    if identical:
        return Latency("not-measured", "identical files are not timed")
    if timing is None:
        return Latency("not-measured", "it was not timed")
    pairs = [(base, head) for base, head in zip(timing.base_ms, timing.head_ms, strict=False) if _sane(base, head)]
    if len(pairs) < FEWEST_ROUNDS:
        return Latency("not-measured", timing.reason or f"{len(pairs)} rounds are too few, it takes {FEWEST_ROUNDS}")

    ratios = [head / base for base, head in pairs]
    low, high = _interval(ratios)
    return Latency(
        verdict="slower" if low > 1 + PLAIN_DIFFERENCE else "faster" if high < 1 - PLAIN_DIFFERENCE else "unclear",
        ratio=median(ratios),
        ci_low=low,
        ci_high=high,
        base_ms=median(base for base, _ in pairs),
        head_ms=median(head for _, head in pairs),
        rounds=len(pairs),
    )


def _sane(*times_ms: float) -> bool:
    return all(math.isfinite(time) and time > 0 for time in times_ms)


def _interval(ratios: list[float]) -> tuple[float, float]:
    from scipy.stats import quantile_test

    interval = quantile_test(ratios, q=1, p=0.5).confidence_interval(confidence_level=CONFIDENCE)
    return float(interval.low), float(interval.high)
