"""Times a pair on a device: fresh loads of both, one after the other, until the answer is clear or the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pocketfit.judge.latency import fewest_loads, is_clear, looks
from pocketfit.records import DeviceInfo, Load, SmokeInput, Timing

if TYPE_CHECKING:
    from pocketfit.devices.base import Running

# Of one load: beyond this the next load tells more than the next round.
ROUNDS = 40


@dataclass(frozen=True)
class Effort:
    """The effort to time a pair with: `comparisons` is how many pairs the report times, `budget_s` is for each of them.

    `latency_growth` is the share by which head may be slower: the answer must be clear about that too.
    """

    budget_s: float = 30.0
    comparisons: int = 1
    latency_growth: float | None = None


@dataclass(frozen=True)
class Place:
    """The place of a timed pair, as a report names it; `loads_at_once` is how many loads of it a process may take."""

    device: str
    threads: int
    loads_at_once: int = 1

    @classmethod
    def of(cls, info: DeviceInfo) -> Place:
        return cls(" ".join(filter(None, (info.kind, info.abi))), info.threads)


class Loader(Protocol):
    """Times a fresh load for each of `seeds`, which orders it; returns fewer of them, or why there are none."""

    def time_loads(
        self, base: SmokeInput, head: SmokeInput, *, seeds: Sequence[int], rounds: int, budget_ms: int
    ) -> tuple[Load, ...] | str: ...


class Host(Loader, Protocol):
    """A loader for what a device has no runtime for."""

    def takes(self, format_name: str) -> bool:
        """Return whether this host has a runtime of its own for the format."""

    def place(self, format_name: str) -> Place:
        """Return the place where such a format is timed."""


@dataclass(frozen=True)
class OneByOne:
    """A device, on which every load has a process of its own."""

    device: Running

    def time_loads(
        self, base: SmokeInput, head: SmokeInput, *, seeds: Sequence[int], rounds: int, budget_ms: int
    ) -> tuple[Load, ...] | str:
        load = self.device.time_load(base, head, seed=seeds[0], rounds=rounds, budget_ms=budget_ms)
        return load if isinstance(load, str) else (load,)


def time_pair(
    loader: Loader,
    place: Place,
    base: SmokeInput,
    head: SmokeInput,
    seed: int,
    effort: Effort,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Timing:
    """Time base and head over fresh loads; the order in each follows from `seed`."""
    timing = Timing(device=place.device, threads=place.threads, seed=seed, comparisons=effort.comparisons)
    began = clock()
    # Each load may sample for a third of its share of the budget; starting and warming up take the rest.
    share_ms = int(1000 * effort.budget_s / fewest_loads(effort.comparisons) / 3)
    for look in looks(effort.comparisons):
        while missing := look - len(timing.loads):
            taken, more = len(timing.loads), min(missing, place.loads_at_once)
            # Begun only if loads of the usual length still fit.
            if taken and (clock() - began) * (1 + more / taken) > effort.budget_s:
                return replace(timing, reason=f"ran out of time (latency_budget_s = {effort.budget_s:g})")
            seeds = range(seed + taken, seed + taken + more)
            loads = loader.time_loads(base, head, seeds=seeds, rounds=ROUNDS, budget_ms=share_ms)
            if isinstance(loads, str):
                return replace(timing, reason=loads)
            timing = replace(timing, loads=(*timing.loads, *loads))
        if is_clear(timing, effort.latency_growth):
            return timing
    return replace(timing, reason=f"still unclear after {len(timing.loads)} fresh loads")
