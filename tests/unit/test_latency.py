from __future__ import annotations

import math

import pytest

from pocketfit.latency import FEWEST_ROUNDS, judge
from pocketfit.records import Latency, Timing

STEADY = (10.0, 10.1, 9.9, 10.0, 10.2, 9.8, 10.0, 10.1, 9.9, 10.0)


def timing(factor: float, base: tuple[float, ...] = STEADY) -> Timing:
    return Timing(base, tuple(one * factor for one in base))


def test_the_interval_is_of_order_statistics() -> None:
    """Ratios 1.01 to 1.20: the 99 % interval of a median of 20 goes from the 4th to the 17th (Conover's table)."""
    base = (100.0,) * 20
    head = tuple(100.0 + one for one in range(1, 21))

    assert judge(Timing(base, head), identical=False) == Latency(
        verdict="unclear",
        reason="",
        ratio=pytest.approx(1.105),
        ci_low=pytest.approx(1.04),
        ci_high=pytest.approx(1.17),
        base_ms=100.0,
        head_ms=110.5,
        rounds=20,
    )


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(1.0, "unclear"), (1.09, "unclear"), (1.12, "slower"), (2.0, "slower"), (0.92, "unclear"), (0.88, "faster")],
)
def test_only_what_is_plainly_apart_is_called_so(factor: float, verdict: str) -> None:
    assert judge(timing(factor), identical=False).verdict == verdict


def test_the_whole_interval_must_be_beyond() -> None:
    noisy = tuple(10.0 * factor for factor in (1.0, 1.05, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5))
    assert judge(Timing((10.0,) * 8, noisy), identical=False).verdict == "unclear"


def test_rounds_are_compared_with_their_partner() -> None:
    """A neighbour that slows both down for a while changes no ratio."""
    disturbed = (*STEADY[:5], *(one * 3 for one in STEADY[5:]))
    latency = judge(timing(1.2, disturbed), identical=False)
    assert (latency.verdict, latency.ratio) == ("slower", pytest.approx(1.2))


@pytest.mark.parametrize(
    ("given", "identical", "reason"),
    [
        (timing(1.0), True, "identical files are not timed"),
        (None, False, "it was not timed"),
        (Timing(reason="the process was killed by SIGSEGV"), False, "the process was killed by SIGSEGV"),
        (Timing(STEADY[:7], STEADY[:7]), False, "7 rounds are too few, it takes 8"),
        (Timing(STEADY, STEADY[:3]), False, "3 rounds are too few, it takes 8"),
        (Timing((0.0,) * 9, (math.nan,) * 9), False, "0 rounds are too few, it takes 8"),
    ],
)
def test_not_measured(given: Timing | None, identical: bool, reason: str) -> None:
    assert judge(given, identical) == Latency("not-measured", reason)


def test_the_fewest_rounds_have_an_interval() -> None:
    latency = judge(Timing(STEADY[:FEWEST_ROUNDS], STEADY[:FEWEST_ROUNDS]), identical=False)
    assert (latency.ci_low, latency.ci_high, latency.rounds) == (1.0, 1.0, FEWEST_ROUNDS)
