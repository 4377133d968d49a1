"""Judges how long head takes where there is no base to time it against: a median and an interval, no verdict. Pure."""

from __future__ import annotations

from itertools import chain
from statistics import median

from pocketfit.judge.latency import interval, middle, rounds_of
from pocketfit.records import Latency, Load, Timing

CONFIDENCE = 0.95
# The fewest loads whose smallest and largest value bound their median with CONFIDENCE: 1 - 2 * 0.5**6 is 0.97.
LOADS = 6
NO_BASE = "there is no base to time it against"


def judge_alone(timing: Timing, reason: str) -> Latency:
    """Give the median time of a call over fresh loads, in milliseconds, and its interval where there are LOADS of them.

    `reason` says why nothing is compared. Each load counts once, by the median of all its samples: as for a pair, the
    load is the unit of replication, and the interval is of order statistics (see judge in latency.py).
    """
    loads = [load for load in timing.loads if rounds_of(load)]
    if not loads:
        return Latency("not-measured", timing.reason or "no load gave times that make sense")
    times_ms = [median(chain(load.base_ms, load.head_ms, load.again_ms)) for load in loads]
    low_ms, high_ms, confidence = interval(times_ms, 1)
    sure = confidence >= CONFIDENCE
    return Latency(
        "not-measured",
        reason,
        head_ms=median(times_ms),
        head_low_ms=low_ms if sure else None,
        head_high_ms=high_ms if sure else None,
        rounds=sum(map(rounds_of, loads)),
        loads=len(loads),
        confidence=confidence if sure else None,
        head_load_ms=middle(map(_load_ms, loads)),
        head_first_ms=middle(map(_first_ms, loads)),
        device=timing.device,
        threads=timing.threads,
        seed=timing.seed,
    )


def _load_ms(load: Load) -> float | None:
    return middle((load.base_load_ms, load.head_load_ms))


def _first_ms(load: Load) -> float | None:
    return middle((load.base_first_ms, load.head_first_ms))
