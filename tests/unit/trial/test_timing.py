from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pocketfit.devices.base import DeviceRun
from pocketfit.judge.latency import judge
from pocketfit.records import DeviceInfo, Load, SmokeInput, Timing
from pocketfit.trial.timing import ROUNDS, Effort, OneByOne, Place, time_alone, time_pair

BASE = SmokeInput("lite", Path("base.ptl"), (), Path())
HEAD = SmokeInput("lite", Path("head.ptl"), (), Path())


@dataclass
class Clockwork:
    """A device whose loads take `load_s` of a clock that only it moves, and on which head is slower by these factors."""

    factors: list[float]
    load_s: float = 2.0
    breaks_after: int = 1000
    now: float = 0.0
    seeds: list[int] = field(default_factory=list)
    budgets_ms: list[int] = field(default_factory=list)

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("jvm", "x86_64", "a desk", 2, {})

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        raise AssertionError("artifacts are only timed here")

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        assert (base, head) in ((BASE, HEAD), (HEAD, HEAD))
        assert rounds == ROUNDS
        self.now += self.load_s
        if len(self.seeds) == self.breaks_after:
            return "the device is gone"
        self.seeds.append(seed)
        self.budgets_ms.append(budget_ms)
        factor = self.factors[(len(self.seeds) - 1) % len(self.factors)]
        return Load((10.0, 10.0), (10.0 * factor,) * 2, (10.0 * factor,) * 2)


def time_on(device: Clockwork, effort: Effort) -> Timing:
    return time_pair(OneByOne(device), Place.of(device.info), BASE, HEAD, 100, effort, clock=lambda: device.now)


@pytest.mark.parametrize("factor", [1.0, 1.05, 0.9])
def test_it_stops_as_soon_as_the_answer_is_clear(factor: float) -> None:
    device = Clockwork([factor])
    timing = time_on(device, Effort(budget_s=60))
    assert (len(timing.loads), timing.reason) == (8, "")
    assert (timing.device, timing.threads, timing.seed, timing.comparisons) == ("jvm x86_64", 2, 100, 1)
    # Every load has an order of its own, and what one may take leaves time for the others.
    assert device.seeds == list(range(100, 108))
    assert set(device.budgets_ms) == {2500}


def test_more_pairs_take_more_loads() -> None:
    assert len(time_on(Clockwork([1.0]), Effort(budget_s=60, comparisons=20)).loads) == 12


def test_a_limit_must_be_clear_too() -> None:
    device = Clockwork([1.08, 1.12])
    assert len(time_on(device, Effort(budget_s=600)).loads) == 8
    device = Clockwork([1.08, 1.12])
    timing = time_on(device, Effort(budget_s=600, latency_growth=0.10))
    assert (len(timing.loads), timing.reason) == (24, "still unclear after 24 fresh loads")


def test_where_the_work_is_the_same_one_look_is_enough() -> None:
    device = Clockwork([0.97, 1.03])
    timing = time_on(device, Effort(budget_s=60, same_work=True))
    assert (len(timing.loads), timing.reason) == (8, "still unclear after a short look of 8 fresh loads")
    assert set(device.budgets_ms) == {833}


def test_what_is_slower_for_the_same_work_is_said() -> None:
    timing = time_on(Clockwork([1.05]), Effort(budget_s=60, same_work=True))
    assert (judge(timing, identical=False).verdict, timing.reason) == ("slower", "")


def test_the_budget_is_kept() -> None:
    device = Clockwork([0.97, 1.03], load_s=4.0)
    timing = time_on(device, Effort(budget_s=30))
    assert (len(timing.loads), device.now) == (7, 28.0)
    assert timing.reason == "ran out of time (latency_budget_s = 30)"


@pytest.mark.parametrize(
    ("comparisons", "budget_s", "processes", "reason"),
    [
        (1, 30, [4, 4], ""),
        (2, 30, [4, 4, 1], ""),
        (8, 30, [4, 4], "ran out of time (latency_budget_s = 30)"),
        (8, 40, [4, 4, 3], ""),
        (1, 15, [4], "ran out of time (latency_budget_s = 15)"),
        (1, 1, [4], "ran out of time (latency_budget_s = 1)"),
    ],
)
def test_a_process_takes_as_many_loads_as_are_wanted(
    comparisons: int, budget_s: float, processes: list[int], reason: str
) -> None:
    """On the host: the start takes 4 s and a load 2 s; another process begins only if its loads fit."""
    asked: list[range] = []
    now = 0.0

    class Host:
        def time_loads(self, *_: SmokeInput, seeds: Any, rounds: int, budget_ms: int) -> tuple[Load, ...]:
            nonlocal now
            now += 4.0 + 2.0 * len(seeds)
            asked.append(seeds)
            return (Load((10.0, 10.0), (11.0, 11.0)),) * len(seeds)

    effort = Effort(budget_s, comparisons)
    timing = time_pair(Host(), Place("host", 1, 4), BASE, HEAD, 100, effort, clock=lambda: now)
    assert ([len(seeds) for seeds in asked], timing.reason) == (processes, reason)
    assert [seed for seeds in asked for seed in seeds] == list(range(100, 100 + len(timing.loads)))


def test_there_is_always_one_load() -> None:
    assert len(time_on(Clockwork([1.0], load_s=50), Effort(budget_s=30)).loads) == 1


def test_what_was_measured_before_a_break_is_kept() -> None:
    timing = time_on(Clockwork([1.0], breaks_after=3), Effort())
    assert (len(timing.loads), timing.reason) == (3, "the device is gone")


def alone_on(device: Clockwork, budget_s: float) -> Timing:
    return time_alone(OneByOne(device), Place.of(device.info), HEAD, 100, budget_s, clock=lambda: device.now)


def test_head_alone_takes_six_short_loads() -> None:
    device = Clockwork([1.0])
    timing = alone_on(device, 30)
    assert (len(timing.loads), timing.reason, timing.alone, timing.device) == (6, "", True, "jvm x86_64")
    assert device.seeds == list(range(100, 106))
    assert set(device.budgets_ms) == {333}


def test_head_alone_stops_with_the_budget() -> None:
    device = Clockwork([1.0])
    timing = alone_on(device, 5)
    assert (len(timing.loads), timing.reason) == (2, "ran out of time (latency_budget_s = 5)")
    assert set(device.budgets_ms) == {277}
