"""Times a pair on a device: fresh loads of both, one after the other, until the answer is clear or the time is up.

Head alone, where there is no base, gets a few loads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pocketfit.judge.alone import LOADS
from pocketfit.judge.latency import fewest_loads, is_clear, looks
from pocketfit.records import DeviceInfo, Load, Smoke, SmokeInput, Timing

if TYPE_CHECKING:
    from pocketfit.devices.base import Running

# Of one load: beyond this the next load tells more than the next round.
ROUNDS = 40
# Of the time that a load may sample for: what is between loads is more than what is within one.
SHORT_LOOK = 1 / 3
# Nothing is decided by the time of head alone, so it may not take as long as a pair.
ALONE_S = 6.0


@dataclass(frozen=True)
class Effort:
    """The effort to time a pair with: `comparisons` is how many pairs the report times, `budget_s` is for each of them.

    `latency_growth` is the share by which head may be slower: the answer must be clear about that too. Where counts
    have told that base and head do the `same_work`, the first look is the last.
    """

    budget_s: float = 30.0
    comparisons: int = 1
    latency_growth: float | None = None
    same_work: bool = False

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of loads after which the answer is looked at."""
        return looks(self.comparisons)[: 1 if self.same_work else None]

    @property
    def share_ms(self) -> int:
        """The time that a load may sample: a third of its share, since starting and warming up take the rest."""
        whole_ms = 1000 * self.budget_s / fewest_loads(self.comparisons) / 3
        return int(whole_ms * (SHORT_LOOK if self.same_work else 1))


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


def loader_for(device: Running, host: Host | None, tried: Smoke, format_name: str) -> tuple[Loader, Place] | None:
    """What times a file that was tried, and where: the device that it runs on, else the host; None for neither."""
    if tried.status == "passed":
        return OneByOne(device), Place.of(device.info)
    if tried.status == "skipped" and host is not None and host.takes(format_name):
        return host, host.place(format_name)
    return None


@dataclass
class Counted:
    """A loader that says before each load which one it is, of how many at most."""

    loader: Loader
    most: int
    say: Callable[[str], None]
    taken: int = 0

    def time_loads(
        self, base: SmokeInput, head: SmokeInput, *, seeds: Sequence[int], rounds: int, budget_ms: int
    ) -> tuple[Load, ...] | str:
        self.say(f"timing, load {self.taken + 1} of at most {self.most}")
        self.taken += len(seeds)
        return self.loader.time_loads(base, head, seeds=seeds, rounds=rounds, budget_ms=budget_ms)


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
    more = _Loads(loader, place.loads_at_once, base, head, effort.share_ms, effort.budget_s, clock)
    for look in effort.looks:
        timing = more.up_to(look, timing)
        if timing.reason or is_clear(timing, effort.latency_growth):
            return timing
    short = "a short look of " if effort.same_work else ""
    return replace(timing, reason=f"still unclear after {short}{len(timing.loads)} fresh loads")


def time_alone(
    loader: Loader,
    place: Place,
    head: SmokeInput,
    seed: int,
    budget_s: float,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Timing:
    """Time head where there is no base to time it against: a few fresh loads, in each of which it is loaded thrice."""
    timing = Timing(device=place.device, threads=place.threads, seed=seed, alone=True)
    share_ms = int(1000 * min(budget_s, ALONE_S) / LOADS / 3)
    return _Loads(loader, place.loads_at_once, head, head, share_ms, budget_s, clock).up_to(LOADS, timing)


class _Loads:
    """Fresh loads of two files, for as long as the budget lasts from now on."""

    def __init__(
        self,
        loader: Loader,
        at_once: int,
        base: SmokeInput,
        head: SmokeInput,
        share_ms: int,
        budget_s: float,
        clock: Callable[[], float],
    ) -> None:
        self.loader, self.at_once, self.base, self.head = loader, at_once, base, head
        self.share_ms, self.budget_s, self.clock = share_ms, budget_s, clock
        self.began = clock()

    def up_to(self, count: int, timing: Timing) -> Timing:
        """The timing with that many loads; with fewer, and a reason, where there are no more to be had."""
        while missing := count - len(timing.loads):
            taken, more = len(timing.loads), min(missing, self.at_once)
            # Begun only if loads of the usual length still fit.
            if taken and (self.clock() - self.began) * (1 + more / taken) > self.budget_s:
                return replace(timing, reason=f"ran out of time (latency_budget_s = {self.budget_s:g})")
            seeds = range(timing.seed + taken, timing.seed + taken + more)
            loads = self.loader.time_loads(self.base, self.head, seeds=seeds, rounds=ROUNDS, budget_ms=self.share_ms)
            if isinstance(loads, str):
                return replace(timing, reason=loads)
            timing = replace(timing, loads=(*timing.loads, *loads))
        return timing
