from __future__ import annotations

import math
from dataclasses import replace

import hypothesis
import pytest
from hypothesis import strategies as st

from pocketfit.judge.latency import LOOKS, confidence_of, could_see, fewest_loads, interval, is_clear, judge, looks
from pocketfit.records import Latency, Load, Timing

STEADY = (10.0, 10.1, 9.9, 10.0, 10.2, 9.8)


def load(factor: float, base: tuple[float, ...] = STEADY, again: float | None = None) -> Load:
    """Head takes `factor` times as long as base, and the second time `again` times as long."""
    head = tuple(one * factor for one in base)
    second = tuple(one * (factor if again is None else again) for one in base)
    return Load(base, head, second, 100.0, 110.0, 30.0, 33.0)


def timing(*factors: float, comparisons: int = 1) -> Timing:
    return Timing(tuple(map(load, factors)), device="jvm x86_64", threads=1, seed=7, comparisons=comparisons)


def test_all_that_is_said_of_a_pair() -> None:
    """The 98.75 % interval of a median of 11 goes from the 2nd to the 10th (Conover's table: 1 - 2 * 12 / 2048)."""
    given = timing(*(1 + n / 100 for n in range(11)))
    assert judge(given, identical=False) == Latency(
        verdict="unclear",
        reason="",
        ratio=None,
        ci_low=pytest.approx(1.01),
        ci_high=pytest.approx(1.09),
        base_ms=10.0,
        head_ms=None,
        rounds=33,
        loads=11,
        confidence=0.9875,
        noise_low=pytest.approx(1.0),
        noise_high=pytest.approx(1.0),
        base_load_ms=100.0,
        head_load_ms=110.0,
        base_first_ms=30.0,
        head_first_ms=33.0,
        device="jvm x86_64",
        threads=1,
        seed=7,
    )


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [
        (1.0, "same"), (1.019, "same"), (1.021, "slower"), (2.0, "slower"), (0.985, "same"), (0.97, "faster"),
    ],
)  # fmt: skip
def test_verdicts_of_a_sure_measurement(factor: float, verdict: str) -> None:
    assert judge(timing(*[factor] * 8), identical=False).verdict == verdict


@pytest.mark.parametrize(
    ("factors", "verdict"),
    [
        # One load in ten is far off: with so few, all must agree; with more, it does not count.
        ([1.05] * 7 + [1.0], "unclear"),
        ([1.05] * 10 + [1.0], "slower"),
        ([1.0] * 7 + [1.08], "unclear"),
        ([1.0] * 10 + [1.08], "same"),
        ([0.97, 1.03] * 6, "unclear"),
    ],
)
def test_the_load_is_what_counts(factors: list[float], verdict: str) -> None:
    assert judge(timing(*factors), identical=False).verdict == verdict


def test_rounds_are_compared_with_their_partner() -> None:
    """A neighbour that slows all down for a while changes no ratio."""
    disturbed = (*STEADY[:2], *(one * 3 for one in STEADY[2:]))
    latency = judge(Timing((load(1.2, disturbed),) * 8), identical=False)
    assert (latency.verdict, latency.ratio) == ("slower", pytest.approx(1.2))


@pytest.mark.parametrize("noise", [1.0, 1.05, 1.3])
def test_a_change_as_large_as_could_be_seen_is_seen(noise: float) -> None:
    spread = [noise**power for power in (-0.5, -0.3, -0.1, 0, 0, 0.1, 0.3, 0.5)]
    share = could_see(judge(timing(*spread), identical=False))
    assert share is not None
    assert math.isclose(share, 1.02 * math.sqrt(noise) - 1)
    for factor, verdict in ((1.001, "slower"), (0.995, "same" if noise == 1 else "unclear")):
        changed = judge(timing(*(one * factor * (1 + share) for one in spread)), identical=False)
        assert changed.verdict == verdict


def test_too_few_loads_could_see_nothing() -> None:
    assert could_see(judge(timing(1.0, 1.1, 1.2), identical=False)) is None
    assert could_see(Latency("not-measured")) is None


def test_both_loads_of_head_count() -> None:
    latency = judge(Timing((load(1.0, again=1.1),) * 8), identical=False)
    assert latency.ratio == pytest.approx(1.05)
    assert (latency.noise_low, latency.noise_high) == (pytest.approx(1.1), pytest.approx(1.1))


@pytest.mark.parametrize("comparisons", [1, 2, 5, 20])
def test_the_correction_for_many_answers(comparisons: int) -> None:
    """All intervals of a report together miss in 5 % of cases at most, however often each is looked at."""
    assert (1 - confidence_of(comparisons)) * LOOKS * comparisons == pytest.approx(0.05)
    few = fewest_loads(comparisons)
    assert 1 - 2 * 0.5**few >= confidence_of(comparisons) > 1 - 2 * 0.5 ** (few - 1)
    assert len(looks(comparisons)) == LOOKS


def test_more_variants_need_more_loads() -> None:
    assert [fewest_loads(comparisons) for comparisons in (1, 2, 5, 20)] == [8, 9, 10, 12]
    given = timing(*[1.05] * 8, comparisons=5)
    latency = judge(given, identical=False)
    assert (latency.verdict, latency.reason) == ("unclear", "too few loads: 8 fresh loads, and it takes 10 to tell")
    assert latency.confidence == 1 - 2 * 0.5**8


def test_an_interval_that_few_values_can_give() -> None:
    assert interval([0.3], 1) == (0.3, 0.3, 0.0)
    assert interval([0.1, 0.3], 1) == (0.1, 0.3, 0.5)


@pytest.mark.parametrize(
    ("factors", "limit", "clear"),
    [
        ([1.05] * 8, None, True),
        ([1.05] * 8, 0.10, True),
        ([1.12] * 4 + [1.08] * 4, None, True),
        # Slower for sure, but whether by more than the limit is open.
        ([1.12] * 4 + [1.08] * 4, 0.10, False),
        ([1.0] * 4 + [1.05] * 4, None, False),
    ],
)
def test_when_more_loads_would_change_nothing(factors: list[float], limit: float | None, clear: bool) -> None:
    assert is_clear(timing(*factors), limit) is clear


@pytest.mark.parametrize(
    ("given", "identical", "reason"),
    [
        (timing(1.0), True, "identical files are not timed"),
        (None, False, "it was not timed"),
        (Timing(reason="the process was killed by SIGSEGV"), False, "the process was killed by SIGSEGV"),
        (Timing((Load((0.0,) * 4, (math.nan,) * 4),)), False, "no load gave times that make sense"),
        (Timing((Load((1.0,), (1.0, 2.0)),)), False, "no load gave times that make sense"),
    ],
)
def test_not_measured(given: Timing | None, identical: bool, reason: str) -> None:
    assert judge(given, identical) == Latency("not-measured", reason)


def test_what_broke_off_says_so() -> None:
    given = replace(timing(*[1.05] * 3), reason="the device is gone")
    assert judge(given, identical=False).reason == "the device is gone: 3 fresh loads, and it takes 8 to tell"


MILLISECONDS = st.floats(0.001, 10_000)
BLOCKS = st.lists(MILLISECONDS, min_size=2, max_size=12)


@st.composite
def noisy_loads(draw: st.DrawFn) -> Timing:
    """Loads as a busy machine gives them: each moved as a whole, and each block by itself."""
    loads = []
    for _ in range(draw(st.integers(1, 24))):
        moved = draw(st.floats(0.5, 2.0))
        sides = [tuple(one * moved for one in draw(BLOCKS)) for _ in range(draw(st.sampled_from([2, 3])))]
        loads.append(Load(*sides))
    return Timing(tuple(loads), device="jvm x86_64", threads=1, comparisons=draw(st.integers(1, 40)))


@hypothesis.given(noisy_loads())
def test_no_two_numbers_of_a_pair_contradict_each_other(timing: Timing) -> None:
    latency = judge(timing, identical=False)
    assert latency.ci_low is not None
    assert latency.ci_high is not None
    assert latency.base_ms is not None
    if latency.verdict == "unclear":
        assert (latency.ratio, latency.head_ms) == (None, None)
        return
    assert latency.ratio is not None
    assert latency.ci_low <= latency.ratio <= latency.ci_high
    assert latency.head_ms == latency.base_ms * latency.ratio
    assert {"slower": latency.ratio > 1, "faster": latency.ratio < 1, "same": 0.98 < latency.ratio < 1.021}[
        latency.verdict
    ]


def test_medians_of_the_sides_may_stand_in_another_ratio_than_the_pairs() -> None:
    """As a comment once said: 2.66 → 3.09 ms, and 1.45 times. Base is slow in the loads in which head is slow too."""
    pairs = [(1.0, 1.45), (2.66, 3.86), (2.66, 3.86), (2.66, 3.86), (2.0, 2.9), (1.5, 2.2), (3.0, 4.35), (2.7, 3.9)]
    latency = judge(Timing(tuple(Load((base, base), (head, head)) for base, head in pairs)), identical=False)
    assert latency.verdict == "slower"
    assert latency.base_ms == pytest.approx(2.66)
    assert latency.head_ms == pytest.approx(2.66 * 1.45, rel=0.01)


@pytest.mark.parametrize("time_ms", [5e-324, 1e-300, 1.7e308, 0.0, -1.0])
def test_a_load_of_times_that_nothing_takes_is_none(time_ms: float) -> None:
    """They come from a child, and logarithms of their ratios ended the run; tests/fuzz/test_said.py found it."""
    strange = Load((1.0, time_ms), (time_ms, 1.0), (1.0, 1.0))
    assert judge(Timing((strange,)), identical=False) == Latency("not-measured", "no load gave times that make sense")


@pytest.mark.parametrize("comparisons", [-1, 0, 10**6, 2**62])
def test_any_number_of_comparisons_has_a_confidence(comparisons: int) -> None:
    assert 0.98 < confidence_of(comparisons) < 1
    assert 7 <= fewest_loads(comparisons) <= 28


# Comparisons, loads, and the ranks that scipy.stats.quantile_test (1.17.1) gives as the interval of their median.
SCIPYS = [
    (1, 8, 0, 7), (1, 9, 0, 8), (1, 11, 1, 9), (1, 16, 2, 13), (1, 24, 5, 18), (1, 25, 5, 19), (1, 100, 37, 62),
    (2, 9, 0, 8), (2, 10, 0, 9), (2, 12, 0, 11), (2, 17, 2, 14), (2, 25, 5, 19), (2, 26, 5, 20), (2, 100, 35, 64),
    (4, 10, 0, 9), (4, 11, 0, 10), (4, 13, 0, 12), (4, 18, 2, 15), (4, 26, 5, 20), (4, 27, 5, 21), (4, 100, 34, 65),
    (20, 12, 0, 11), (20, 13, 0, 12), (20, 15, 0, 14), (20, 20, 2, 17), (20, 28, 4, 23), (20, 100, 32, 67),
    (1000, 18, 0, 17), (1000, 19, 0, 18), (1000, 21, 0, 20), (1000, 26, 2, 23), (1000, 34, 4, 29), (1000, 100, 27, 72),
]  # fmt: skip


@pytest.mark.parametrize(("comparisons", "loads", "low", "high"), SCIPYS)
def test_the_interval_is_scipys(comparisons: int, loads: int, low: int, high: int) -> None:
    assert interval(range(loads)[::-1], comparisons) == (low, high, confidence_of(comparisons))


def test_the_interval_of_very_many_loads() -> None:
    """Nearly normal by then: 2.4977 standard deviations, of sqrt(20000) / 2 each, on either side of the middle."""
    low, high, _ = interval(range(20_000), 1)
    assert (low, high) == (9_822, 10_177)
    assert 10_000 - low == pytest.approx(2.4977 * math.sqrt(20_000) / 2, abs=2)
