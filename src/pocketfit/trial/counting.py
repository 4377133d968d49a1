"""Counts the work of what sides built, where a device can and it was asked for: see docs/work.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from pocketfit.devices.base import Running
from pocketfit.devices.program import Counted
from pocketfit.formats import FORMATS
from pocketfit.judge.work import COUNTED_CALLS, Counts, left_out, too_large, work_of
from pocketfit.progress import Progress, working
from pocketfit.records import PHONE_ABI, Built, DeviceInfo, DeviceSpec, SideName, Smoke, SmokeInput, Work
from pocketfit.trial.also import Further
from pocketfit.trial.smoke import smoke_input

# Times the budget, by the clock: that is meant in processor seconds, and a machine may be busy.
PATIENCE = 2


@runtime_checkable
class Counting(Protocol):
    """A device that can count what it executes, or say why not."""

    @property
    def info(self) -> DeviceInfo:
        """Describe the device, as reports do."""

    def count(self, given: SmokeInput, counted: Counted, limit_s: float) -> tuple[Counts, ...] | str:
        """Count calls of one artifact in a fresh process; or say why that failed."""


@dataclass(frozen=True)
class Counter:
    """Counts on `device`, each file for `budget_s` at most; `problem` says why there is no device."""

    device: Counting | None
    budget_s: float
    problem: str = ""

    def count(self, side: SideName, built: Built, folder: Path, tried: Smoke | None, of: int) -> Work:
        """Count what a side built, whose files are in `folder` and which ran as `tried` says, as one of `of` files."""
        if self.device is None:
            return Work(reason=self.problem, abi=PHONE_ABI)
        info, name = self.device.info, built.variant.format
        where = Work(
            abi=info.abi,
            cpu=info.emulated_cpu or info.cpu,
            runtime=info.runtimes.get(name),
            counted_by="emulator" if info.emulated_cpu else "perf_event",
        )
        if tried is not None and tried.status != "passed":
            return replace(where, reason=tried.reason if tried.status == "skipped" else f"it fails on {info.abi}")
        with working(Progress("count", side, str(built.variant), f"counting on {info.abi}", of=of)) as work:
            counts = self._counts(self.device, built, folder)
            found = replace(where, reason=counts) if isinstance(counts, str) else work_of(counts, where)
            work.end(f"not counted: {found.reason}" if found.reason else f"counted on {info.abi}")
        return found

    def _counts(self, device: Counting, built: Built, folder: Path) -> tuple[Counts, ...] | str:
        runtime = FORMATS[built.variant.format].runtime
        macs = built.export.anatomy.macs if built.export.anatomy else {}
        by_core = device.info.emulated_cpu is None
        # Nothing takes long on the machine's own core.
        if not by_core and (problem := too_large(macs, runtime, self.budget_s)):
            return problem
        counted = Counted(COUNTED_CALLS, left_out(runtime, by_core=by_core))
        return device.count(smoke_input(built, folder), counted, PATIENCE * self.budget_s)


def counter_for(spec: DeviceSpec, device: Running, also: Sequence[Further]) -> Counter | None:
    """The counter of a run that asks for a phone's ABI, as its device's own or beside it; None for one that doesn't."""
    for further in also:
        if further.abi == PHONE_ABI:
            return _counter(further.device, spec, further.problem)
    # Whose own ABI it is, on that it is not tried besides.
    if PHONE_ABI in (spec.abi, *spec.also):
        return _counter(device, spec, "")
    return None


def _counter(device: Running | None, spec: DeviceSpec, problem: str) -> Counter:
    if isinstance(device, Counting):
        return Counter(device, spec.work_budget_s)
    return Counter(None, spec.work_budget_s, problem or 'this device does not count: use kind = "jvm"')
