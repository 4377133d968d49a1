"""Gathers what a report says beside its rows: how it came to be, and what was left unchecked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pocketfit.records import Limits, Row, Snapshot, Trial

NO_LIMITS = 'no limit is set, so no size and no latency fails a check: set one in [limits], e.g. size_growth = "5%"'


def gather_notes(base: Snapshot | None, head: Snapshot, trial: Trial | None, rows: Iterable[Row]) -> tuple[str, ...]:
    """Each once, in the order of the line."""
    return tuple(dict.fromkeys(_notes(base, head, trial, rows)))


def _notes(base: Snapshot | None, head: Snapshot, trial: Trial | None, rows: Iterable[Row]) -> Iterator[str]:
    if base:
        yield from base.notes
        # A side of which nothing was built knows of none.
        if base.torch and head.torch and base.torch != head.torch:
            yield f"base was built with torch {base.torch}, head with torch {head.torch}"
    yield from head.notes
    rows = tuple(rows)
    if head.limits and all(_is_none(limits) for limits in head.limits.values()):
        yield NO_LIMITS
    yield from _unjudged(rows)
    if trial is None:
        yield "no device was used, so nothing is known about loading, running and latency"
        return
    yield from trial.device.notes
    yield from _untried(rows)
    # Where a device did not come up, its notes have said why.
    yield from (note for note, cause in _uncounted(rows) if not any(cause in said for said in trial.device.notes))


def _is_none(limits: Limits) -> bool:
    return replace(limits, old_failures="ignore", minimum_change=None) == Limits()


def _unjudged(rows: Iterable[Row]) -> Iterator[str]:
    """Limits that nobody could look at, in any row that has not failed: each row has its reason."""
    names: dict[str, list[str]] = {}
    for row in rows:
        for limit in row.unjudged_limits if row.status != "failed" else ():
            names.setdefault(limit, []).append(str(row.variant))
    for limit, variants in names.items():
        yield f"the limit {limit} could not be judged: {_which(variants)}"


def _untried(rows: Iterable[Row]) -> Iterator[str]:
    """Head's artifacts that the device never got to judge: not the model's fault, but not a pass either."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        if row.head and row.smoke.status in ("skipped", "infra-error"):
            groups.setdefault(row.smoke.reason, []).append(str(row.variant))
    for reason, names in groups.items():
        yield f"not checked on the device: {_which(names)} ({reason or 'no reason was given'})"


def _uncounted(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """Work that was asked for and is not there, with each cause: the table has no column where none changed."""
    groups: dict[str, dict[str, None]] = {}
    for row in rows:
        for side in (row.base, row.head):
            if side and side.work and side.work.instructions is None:
                groups.setdefault(side.work.reason, {})[str(row.variant)] = None
    for reason, names in groups.items():
        cause = reason or "no reason was given"
        yield f"work was not counted: {_which(list(names))} ({cause})", cause


def _which(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
