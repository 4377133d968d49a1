from __future__ import annotations

import pytest

from pocketfit.judge.alone import LOADS, judge_alone
from pocketfit.records import Latency, Load, Timing


def load(ms: float) -> Load:
    """A load in which head's three copies take 1 % less, as long, and 1 % more than this."""
    return Load((0.99 * ms,) * 2, (ms,) * 2, (1.01 * ms,) * 2, 30.0, 10.0, 9.0, 3.0)


def test_the_median_of_the_loads_and_what_bounds_it() -> None:
    times_ms = (4.0, 4.2, 4.4, 3.9, 4.6, 9.0)
    timing = Timing(tuple(map(load, times_ms)), "", "jvm x86_64", 2, 7, alone=True)
    assert judge_alone(timing, "there is no base to time it against") == Latency(
        "not-measured",
        "there is no base to time it against",
        head_ms=pytest.approx(4.3),
        head_low_ms=3.9,
        head_high_ms=9.0,
        rounds=6,
        loads=6,
        confidence=pytest.approx(1 - 2 * 0.5**6),
        head_load_ms=20.0,
        head_first_ms=6.0,
        device="jvm x86_64",
        threads=2,
        seed=7,
    )


def test_too_few_loads_have_a_median_and_no_interval() -> None:
    timing = Timing((load(4.0),) * (LOADS - 1), "ran out of time", "jvm x86_64", 1, alone=True)
    latency = judge_alone(timing, "")
    assert (latency.head_ms, latency.head_low_ms, latency.head_high_ms, latency.confidence) == (4.0, None, None, None)


@pytest.mark.parametrize(
    ("timing", "reason"),
    [
        (Timing(reason="the process was killed by SIGSEGV", alone=True), "the process was killed by SIGSEGV"),
        (Timing((Load((0.0, 0.0), (0.0, 0.0)),), alone=True), "no load gave times that make sense"),
    ],
)
def test_without_times_the_reason_is_the_timings(timing: Timing, reason: str) -> None:
    assert judge_alone(timing, "there is no base") == Latency("not-measured", reason)
