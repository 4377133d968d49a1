"""Times a pair on a device: fresh loads of both, one after the other, until the answer is clear or the time is up."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Protocol

from pocketfit.latency import fewest_loads, is_clear, looks
from pocketfit.records import DeviceInfo, Load, SmokeInput, Timing

log = logging.getLogger(__name__)

# Of one load: beyond this the next load tells more than the next round.
ROUNDS = 40


@dataclass(frozen=True)
class Plan:
    """What a pair is timed by. `comparisons` is how many pairs the report times, `budget_s` is for each."""

    budget_s: float = 30.0
    comparisons: int = 1
    latency_growth: float | None = None


@dataclass(frozen=True)
class Place:
    """Where a pair is timed, as a report names it."""

    device: str
    threads: int

    @classmethod
    def of(cls, info: DeviceInfo) -> Place:
        return cls(" ".join(filter(None, (info.kind, info.abi))), info.threads)


class Loader(Protocol):
    """A device, or the host: see devices.base.Device."""

    def time_load(
        self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int
    ) -> Load | str: ...


def time_pair(loader: Loader, place: Place, base: SmokeInput, head: SmokeInput, seed: int, plan: Plan) -> Timing:
    """Every load is fresh, on a device in a process of its own, and its order follows from `seed`."""
    timing = Timing(device=place.device, threads=place.threads, seed=seed, comparisons=plan.comparisons)
    began = time.monotonic()
    loads = list[Load]()
    # Begun only if a load of the usual length still fits.
    while not loads or (time.monotonic() - began) * (1 + 1 / len(loads)) <= plan.budget_s:
        # What is left, shared by the loads that it takes at least; a process and its warm-up take their part.
        share_ms = int(1000 * plan.budget_s / fewest_loads(plan.comparisons) / 3)
        load = loader.time_load(base, head, seed=seed + len(loads), rounds=ROUNDS, budget_ms=share_ms)
        if isinstance(load, str):
            return _with(timing, loads, load)
        loads.append(load)
        timing = _with(timing, loads, "")
        if len(loads) in looks(plan.comparisons) and is_clear(timing, plan.latency_growth):
            return timing
        if len(loads) == looks(plan.comparisons)[-1]:
            return _with(timing, loads, f"still unclear after {len(loads)} fresh loads")
    return _with(timing, loads, f"the time for it ended ({plan.budget_s:g} s)")


def _with(timing: Timing, loads: list[Load], reason: str) -> Timing:
    return Timing(tuple(loads), reason, timing.device, timing.threads, timing.seed, timing.comparisons)
