"""Both sides on a device: every artifact is loaded, run and compared with eager; changed ones are timed in turn.

What has no base, or one that fails, is timed alone.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pocketfit.devices.base import Running
from pocketfit.judge.alone import LOADS
from pocketfit.judge.memory import RELOADS
from pocketfit.judge.work import is_same
from pocketfit.progress import Progress, tell, working
from pocketfit.records import (
    PHONE_ABI,
    Also,
    Built,
    DeviceInfo,
    Limits,
    RunsOn,
    SideName,
    Smoke,
    SmokeInput,
    Snapshot,
    Timing,
    Trial,
    TrialRow,
    Variant,
)
from pocketfit.trial.also import Further
from pocketfit.trial.counting import Counter
from pocketfit.trial.older import try_older
from pocketfit.trial.remembered import KeptTrials
from pocketfit.trial.smoke import smoke_input, try_one
from pocketfit.trial.timing import Counted, Effort, Host, Loader, Place, loader_for, time_alone, time_pair


@dataclass(frozen=True)
class Artifacts:
    """One side as it was built, and the folder of its artifacts."""

    snapshot: Snapshot
    folder: Path

    def built(self) -> dict[Variant, _Candidate]:
        outcomes = self.snapshot.outcomes
        return {outcome.variant: _Candidate(outcome, self.folder) for outcome in outcomes if isinstance(outcome, Built)}


@dataclass(frozen=True)
class _Candidate:
    """One artifact in the folder that it and its golden tensors are in."""

    built: Built
    folder: Path

    @property
    def given(self) -> SmokeInput:
        return smoke_input(self.built, self.folder)


@dataclass(frozen=True)
class _Pair:
    """One variant: head's artifact, base's where base built one, and the limits of their model."""

    base: _Candidate | None
    head: _Candidate
    limits: Limits

    @property
    def variant(self) -> Variant:
        return self.head.built.variant

    @property
    def is_identical(self) -> bool:
        return self.base is not None and self.base.built.sha256 == self.head.built.sha256

    @property
    def files(self) -> int:
        """Count the files that are to be tried: base's only where it is another one."""
        return 1 if self.base is None or self.is_identical else 2


def run_trial(
    device: Running,
    base: Artifacts | None,
    head: Artifacts,
    *,
    budget_s: float = 30.0,
    host: Host | None = None,
    elsewhere: int = 0,
    also: Sequence[Further] = (),
    counter: Counter | None = None,
    kept: KeptTrials | None = None,
    done: Callable[[TrialRow], None] = lambda row: None,
    clock: Callable[[], float] = time.monotonic,
) -> Trial:
    """Try every variant that head built; `done` is told of each row when it is tried, and again when it is timed.

    `budget_s` is for timing one pair; `host` times what the device has no runtime for; `elsewhere` is how many
    variants other shards may time, for the same report. `also` are further ABIs to try each artifact on;
    `counter` counts their work before any is timed: where that is the same, a short look at times is enough. An
    unchanged file that is among what is `kept` is not tried on the device itself.
    """
    pairs = _pairs(base, head)
    files = sum(pair.files for pair in pairs) * (1 + len(also))
    tried = [_clocked(partial(_try_pair, device, pair, host, also, files, kept), clock, done) for pair in pairs]
    if counter:
        files = sum(pair.files for pair in pairs if not pair.is_identical)
        tried = [
            _clocked(partial(_count_row, row, counter, pair, files), clock, done)
            for row, pair in zip(tried, pairs, strict=True)
        ]
    # Only after all of them ran: how sure each answer must be depends on how many there are.
    comparisons = sum(map(_is_pair, tried)) + elsewhere
    timed = sum(_is_to_be_timed(row, pair) for row, pair in zip(tried, pairs, strict=True))
    effort = Effort(budget_s, comparisons)
    rows = [
        _clocked(partial(_time_row, row, device, pair, effort, host, timed, clock), clock, done)
        for row, pair in zip(tried, pairs, strict=True)
    ]
    notes = [note for further in also for note in further.notes]
    if kept:
        kept.keep()
        notes += kept.notes()
    info = replace(device.info, notes=tuple(dict.fromkeys((*device.info.notes, *notes))))
    return Trial(info, tuple(rows))


def _pairs(base: Artifacts | None, head: Artifacts) -> list[_Pair]:
    before, limits = base.built() if base else {}, head.snapshot.limits
    return [
        _Pair(before.get(variant), candidate, limits.get(variant.model, Limits()))
        for variant, candidate in head.built().items()
    ]


def _clocked(step: Callable[[], TrialRow], clock: Callable[[], float], done: Callable[[TrialRow], None]) -> TrialRow:
    """The row that a step gives, with what the step took added to the seconds that the row has already."""
    began = clock()
    row = step()
    row = replace(row, trial_s=round((row.trial_s or 0.0) + clock() - began, 1))
    done(row)
    return row


def _is_pair(row: TrialRow) -> bool:
    """Whether base and head are to be timed in turn."""
    return row.base is not None and row.timing is None and _same_way(row)


def _same_way(row: TrialRow) -> bool:
    return row.base is not None and row.head is not None and row.base.status == row.head.status


def _is_to_be_timed(row: TrialRow, pair: _Pair) -> bool:
    return row.timing is None and row.head is not None and not pair.is_identical


def _time_row(
    row: TrialRow, device: Running, pair: _Pair, effort: Effort, host: Host | None, of: int, clock: Callable[[], float]
) -> TrialRow:
    """The row with base and head timed in turn, or head alone: on the host where the device has no runtime."""
    found = loader_for(device, host, row.head, row.variant.format) if row.head else None
    if found is None or not _is_to_be_timed(row, pair):
        return row
    loader, place = found
    base = pair.base if _same_way(row) else None
    effort = replace(effort, same_work=is_same(row.base_work, row.head_work))
    short = ", briefly since their work is the same" if base and effort.same_work else ""
    what = f"timing {'base and head in turn' if base else 'head alone'} on {place.device}{short}"
    with working(Progress("time", None if base else "head", str(row.variant), what, of=of)) as work:
        loader = Counted(loader, effort.looks[-1] if base else LOADS, work.at)
        timing = _timed(loader, place, base, pair, effort, clock)
        loads = len(timing.loads)
        work.end(f"timed over {loads} loads" if loads else f"not timed: {timing.reason}")
    return replace(row, timing=timing)


def _count_row(row: TrialRow, counter: Counter, pair: _Pair, of: int) -> TrialRow:
    """The row with the work of head, and of base where that is another file; identical ones have nothing to tell."""
    if pair.is_identical:
        return row
    tried = {each.head.abi: (each.base, each.head) for each in row.also}
    before, after = tried.get(PHONE_ABI, (row.base, row.head))
    base, head = pair.base, pair.head
    return replace(
        row,
        base_work=counter.count("base", base.built, base.folder, before, of) if base else None,
        head_work=counter.count("head", head.built, head.folder, after, of),
    )


def _timed(
    loader: Loader, place: Place, base: _Candidate | None, pair: _Pair, effort: Effort, clock: Callable[[], float]
) -> Timing:
    head = pair.head
    if base is None:
        return time_alone(loader, place, head.given, _seed(None, head.built), effort.budget_s, clock=clock)
    effort = replace(effort, latency_growth=pair.limits.latency_growth)
    return time_pair(loader, place, base.given, head.given, _seed(base.built, head.built), effort, clock=clock)


def _seed(base: Built | None, head: Built) -> int:
    """A number that differs between pairs, and is the same whenever this pair is timed."""
    return zlib.crc32(f"{base.sha256 if base else ''}{head.sha256}".encode())


def untried(kind: str, head: Snapshot, problem: str) -> Trial:
    """The trial of a device that did not come up: nothing is said about any model."""
    lost = Smoke("infra-error", problem, device=kind)
    rows = tuple(TrialRow(outcome.variant, None, lost) for outcome in head.outcomes if isinstance(outcome, Built))
    return Trial(DeviceInfo(kind, abi="", cpu="", threads=0, runtimes={}), rows)


def _try_pair(
    device: Running, pair: _Pair, host: Host | None, also: Sequence[Further], of: int, kept: KeptTrials | None
) -> TrialRow:
    """Smoke head, and base too where it is another file; the row says why where nothing is to be timed."""
    head = (kept and _tried_before(device, pair, of, kept)) or _try(device, "head", pair.head, pair.limits, of, kept)
    other = None if pair.is_identical else pair.base
    base = _try(device, "base", other, pair.limits, of, kept) if other else None
    runs = loader_for(device, host, head, pair.variant.format) is not None
    timing = None if runs else Timing(reason=f"not timed, since head {_ended(head)}")
    return TrialRow(
        pair.variant,
        base,
        head,
        timing,
        also=tuple(_try_also(further, other, pair, of) for further in also),
        runs_on=_on_older(device, pair, head),
    )


def _tried_before(device: Running, pair: _Pair, of: int, kept: KeptTrials) -> Smoke | None:
    """What an earlier run made of head, where it is unchanged.

    Both of a pair that changed are tried in this run, so that what is compared was seen on one machine.
    """
    smoke = kept.find(pair.head.built, pair.head.folder, pair.limits) if pair.is_identical else None
    if smoke:
        what = f"passed on {device.info.kind} before, on the same inputs (cache)"
        tell(Progress("try", "head", str(pair.variant), what, "done", of=of))
    return smoke


def _on_older(device: Running, pair: _Pair, head: Smoke) -> dict[str, RunsOn]:
    built = pair.head.built
    golden = (built.export.outputs, *built.export.later)
    return try_older(device, built.variant, pair.head.given, golden, pair.limits, built.runs_on, head)


def _try_also(further: Further, base: _Candidate | None, pair: _Pair, of: int) -> Also:
    head, limits = pair.head, pair.limits
    return Also(
        further.try_one("base", base.built, base.folder, limits, of) if base else None,
        further.try_one("head", head.built, head.folder, limits, of),
    )


def _ended(head: Smoke) -> str:
    return {"failed": "fails", "skipped": "was not tried"}.get(head.status, "could not be tried")


def _try(
    device: Running, side: SideName, candidate: _Candidate, limits: Limits, of: int, kept: KeptTrials | None
) -> Smoke:
    smoke = try_one(device, side, candidate.built, candidate.folder, limits, of, reloads=RELOADS)
    if kept:
        kept.add(candidate.built, candidate.folder, limits, smoke)
    return smoke
