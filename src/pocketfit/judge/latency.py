"""Judges speed by repeated fresh loads of a pair. Pure.

The load is the unit of replication: where a process puts a model in memory moves all times of that process together,
so that a thousand samples of one load know less than one sample of ten (seen here: a file timed against itself was
7.8 % off in one of ten loads).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from statistics import median
from typing import Literal

from pocketfit.records import Latency, Load, Timing

# A difference that is worth a reviewer's time. Below it, and known to be below it, is "same".
THRESHOLD = 0.02

# How often a report may be wrong about any of its variants, over all looks at each.
ERROR = 0.05

# How often the answer is looked at before the last load: each look is one more chance to be wrong.
LOOKS = 4
# A saved trial may name any number; of more than this no report has rows.
MOST_COMPARISONS = 10**6

# A call that takes less than a femtosecond, or longer than thirty years, was not timed.
SHORTEST_MS, LONGEST_MS = 1e-12, 1e12


def confidence_of(comparisons: int) -> float:
    """The confidence of one interval at one look, by Bonferroni's correction for `comparisons` variants, LOOKS each.

    With it the chance that any interval of a report misses is at most ERROR, however the looks depend on each other
    (Jennison and Turnbull, Group Sequential Methods, 2000, section 2.1 names it the simplest valid boundary).
    """
    return 1 - ERROR / (LOOKS * min(max(1, comparisons), MOST_COMPARISONS))


def fewest_loads(comparisons: int) -> int:
    """The fewest loads whose smallest and largest value bracket the median with this confidence."""
    return math.ceil(1 + math.log2(1 / (1 - confidence_of(comparisons))))


def looks(comparisons: int) -> tuple[int, ...]:
    """The numbers of loads after which the answer is looked at; the last is the most that are taken."""
    first = fewest_loads(comparisons)
    return (first, first + 3, first + 8, first + 16)


def judge(timing: Timing | None, identical: bool) -> Latency:
    """Say whether head is slower than base.

    Each load gives one log ratio: the median over its rounds, each of which compares the mean of head's four blocks (it
    is loaded twice) with base's two. `ratio` is their median; its interval is of order statistics, which assume nothing
    about the distribution and bear outliers (W. J. Conover, Practical Nonparametric Statistics, 3rd ed., 1999, section
    3.2). `slower` and `faster` need the whole interval beyond THRESHOLD, `same` within it.

    `base_ms` is the median over the loads, and `head_ms` is that times the ratio: the median of head's own times may
    stand in another ratio to base's, since the two medians need not come from the same loads. Where the answer is
    unclear, there is no ratio, and so no time of head, but the interval alone.
    """
    if identical:
        return Latency("not-measured", "identical files are not timed")
    if timing is None:
        return Latency("not-measured", "it was not timed")
    loads = [load for load in timing.loads if rounds_of(load)]
    if not loads:
        return Latency("not-measured", timing.reason or "no load gave times that make sense")
    log_ratios = [log_ratio(load) for load in loads]
    low, high, confidence = interval(log_ratios, timing.comparisons)
    noise = [value for load in loads if (value := _log_noise(load)) is not None]
    noise_low, noise_high, _ = interval(noise, timing.comparisons) if noise else (None, None, None)
    verdict, reason = _verdict(low, high, len(loads), timing)
    base_ms = median(median(load.base_ms) for load in loads)
    ratio = None if verdict == "unclear" else math.exp(median(log_ratios))
    return Latency(
        verdict=verdict,
        reason=reason,
        ratio=ratio,
        ci_low=math.exp(low),
        ci_high=math.exp(high),
        base_ms=base_ms,
        head_ms=None if ratio is None else base_ms * ratio,
        rounds=sum(rounds_of(load) for load in loads),
        loads=len(loads),
        confidence=confidence,
        noise_low=None if noise_low is None else math.exp(noise_low),
        noise_high=None if noise_high is None else math.exp(noise_high),
        base_load_ms=middle(load.base_load_ms for load in loads),
        head_load_ms=middle(load.head_load_ms for load in loads),
        base_first_ms=middle(load.base_first_ms for load in loads),
        head_first_ms=middle(load.head_first_ms for load in loads),
        device=timing.device,
        threads=timing.threads,
        seed=timing.seed,
    )


def is_clear(timing: Timing, latency_growth: float | None) -> bool:
    """Say whether more loads would change nothing: the verdict is known, and which side of the limit head is on."""
    latency = judge(timing, identical=False)
    if latency.verdict == "unclear" or latency.ci_low is None or latency.ci_high is None:
        return False
    return latency_growth is None or not latency.ci_low <= 1 + latency_growth < latency.ci_high


def could_see(latency: Latency) -> float | None:
    """The smallest change, as a share, that an interval as wide as this one would have told from none.

    An interval around a true ratio r is taken to reach from r / sqrt(w) to r * sqrt(w), w being high over low: all of
    it is beyond THRESHOLD from r = (1 + THRESHOLD) * sqrt(w) on. None where there are too few loads to tell any.
    """
    low, high, confidence = latency.ci_low, latency.ci_high, latency.confidence
    if low is None or high is None or confidence is None or confidence < confidence_of(1):
        return None
    return (1 + THRESHOLD) * math.sqrt(high / low) - 1


def interval(values: Sequence[float], comparisons: int) -> tuple[float, float, float]:
    """Bounds of the median of `values` and their confidence: what is asked for, or what so few values give."""
    asked = confidence_of(comparisons)
    # From the smallest to the largest holds the median with 1 - 2 * 0.5**n, and there is no wider interval.
    confidence = min(asked, 1 - 2 * 0.5 ** len(values))
    if confidence < asked:
        return min(values), max(values), max(0.0, confidence)
    low, high = _ranks(len(values), asked)
    ordered = sorted(values)
    return ordered[low], ordered[high], asked


@cache
def _ranks(count: int, confidence: float) -> tuple[int, int]:
    """The ranks, from 0, of those of `count` ordered values that bound their median.

    How many of them lie below the median is binomial with one half. The lower bound is the highest rank that leaves no
    more than half of the error below itself, and the upper bound its mirror image: in whole numbers, so exact.
    """
    most = Fraction((1 - confidence) / 2) * 2**count
    # In how many of the equally likely ways exactly, and at most, `number` values lie below the median.
    number, exactly, at_most = 0, 1, 1
    while at_most < most:
        number += 1
        exactly = exactly * (count - number + 1) // number
        at_most += exactly
    return number - 1, count - number


def _verdict(
    low: float, high: float, loads: int, timing: Timing
) -> tuple[Literal["same", "slower", "faster", "unclear"], str]:
    if loads < fewest_loads(timing.comparisons):
        few = f"{loads} fresh load{'' if loads == 1 else 's'}, and it takes {fewest_loads(timing.comparisons)} to tell"
        return "unclear", f"{timing.reason or 'too few loads'}: {few}"
    edge = math.log1p(THRESHOLD)
    if low > edge:
        return "slower", ""
    if high < -edge:
        return "faster", ""
    return ("same", "") if -edge <= low and high <= edge else ("unclear", timing.reason)


def rounds_of(load: Load) -> int:
    """Count the rounds of a load that are whole and make sense."""
    sides = [load.base_ms, load.head_ms, *([load.again_ms] if load.again_ms else [])]
    sane = all(SHORTEST_MS <= time <= LONGEST_MS for side in sides for time in side)
    return min(len(side) for side in sides) // 2 if sane else 0


def log_ratio(load: Load) -> float:
    """Head over base in one load: the median over its rounds."""
    head = [load.head_ms, *([load.again_ms] if load.again_ms else [])]
    return median(math.log(_mean_of_round(head, n) / _mean_of_round([load.base_ms], n)) for n in range(rounds_of(load)))


def _log_noise(load: Load) -> float | None:
    """Head against itself, loaded a second time."""
    if not load.again_ms:
        return None
    return median(
        math.log(_mean_of_round([load.again_ms], n) / _mean_of_round([load.head_ms], n)) for n in range(rounds_of(load))
    )


def _mean_of_round(sides: Sequence[Sequence[float]], n: int) -> float:
    times = [time for side in sides for time in side[2 * n : 2 * n + 2]]
    return sum(times) / len(times)


def middle(values: Iterable[float | None]) -> float | None:
    """Return the median of those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return median(known) if known else None
