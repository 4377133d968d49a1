"""Sets a report beside a history: each row's numbers at earlier commits, and since when none was as large. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pocketfit.history.entry import counted_on, measured_on
from pocketfit.history.trend import named
from pocketfit.records import History, HistoryEntry, HistoryVariant, PastCommit, Report, Row, Trend
from pocketfit.report.cells import name

Number = TypeVar("Number", int, float)

# Of fewer commits "the largest" says nothing that the comparison with base does not.
FEW = 2
NAMED = 3
# What stands after those that are named.
OTHERS = "and {} more are larger than at the commits before"


def with_history(report: Report, history: History | None) -> Report:
    """Give each row its trend, and the report the commits that it is over; None changes nothing.

    Head's own commit, which may have been kept by an earlier run, is no part of its past. What could not be read is a
    note.
    """
    if history is None:
        return report
    entries = [entry for entry in history.entries if entry.commit != report.head]
    where = measured_on(report)
    kept = [({one.variant: one for one in entry.variants}, entry) for entry in entries]
    rows = tuple(
        replace(row, trend=_trend(row, [(found.get(row.variant), entry) for found, entry in kept], where))
        for row in report.rows
    )
    return replace(
        report,
        rows=rows,
        history=tuple(PastCommit(entry.commit, entry.date) for entry in entries),
        notes=tuple(dict.fromkeys((*report.notes, *history.problems))),
    )


def _trend(row: Row, found: Sequence[tuple[HistoryVariant | None, HistoryEntry]], where: str | None) -> Trend:
    counted = counted_on(row.head.work) if row.head else None
    return Trend(
        _if_any(tuple(None if one is None else one.size_bytes for one, _ in found)),
        _if_any(
            tuple(
                one.latency_ms if one is not None and where is not None and entry.measured_on == where else None
                for one, entry in found
            )
        ),
        _if_any(
            tuple(
                one.instructions if one is not None and counted is not None and one.counted_on == counted else None
                for one, _ in found
            )
        ),
    )


def _if_any(numbers: tuple[Number | None, ...]) -> tuple[Number | None, ...]:
    return numbers if any(number is not None for number in numbers) else ()


@dataclass(frozen=True)
class Largest:
    """A row whose file is larger than at any commit after `since`; None where no commit of the history had it so large.

    `over` counts the commits that had the variant.
    """

    row: Row
    since: PastCommit | None
    over: int

    @property
    def words(self) -> str:
        """The rest of a sentence that begins with the variant."""
        if self.since is None:
            return f"is larger than at any of the last {self.over} commits that have it"
        return f"is the largest since {named(self.since.commit, self.since.date)}"


def largest(report: Report) -> tuple[Largest, ...]:
    """Give the rows that grew beyond what the newest commits had, in the report's order."""
    return tuple(one for row in report.rows if (one := largest_of(report, row)))


def largest_of(report: Report, row: Row) -> Largest | None:
    """Say since when a row's file was never as large; None where it did not grow, or where that says nothing."""
    if row.head is None or (row.base is not None and row.head.size_bytes <= row.base.size_bytes):
        return None
    known = [
        (commit, size) for commit, size in zip(report.history, row.trend.size_bytes, strict=False) if size is not None
    ]
    if len(known) < FEW or known[-1][1] >= row.head.size_bytes:
        return None
    since = next((commit for commit, size in reversed(known) if size >= row.head.size_bytes), None)
    return Largest(row, since, len(known))


def largest_named(report: Report) -> tuple[tuple[tuple[str, str], ...], int]:
    """Give the first of them, each as a variant's name and the rest of its sentence, and count the others."""
    found = largest(report)
    return tuple((name(one.row), one.words) for one in found[:NAMED]), max(0, len(found) - NAMED)
