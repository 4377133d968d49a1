"""Chooses the rows that a terminal shows of many: what failed or changed, and counts of the rest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pocketfit.records import Report, Row
from pocketfit.report.cells import has_baseline
from pocketfit.report.minor import largest_change
from pocketfit.report.summary import changed_rows, unchanged_rows
from pocketfit.units import format_percent

# What fits two screens; up to so many rows nothing is left out.
FEW_ROWS = 12
LEAST_CHANGE = 0.01


@dataclass(frozen=True)
class Chosen:
    """The rows to show, in their order, and the others."""

    rows: tuple[Row, ...]
    rest: tuple[Row, ...] = ()


def select_rows(report: Report, *, every: bool = False) -> Chosen:
    """Choose what failed or changed by 1 % or more; where there is no baseline, so that nothing changed, a dozen."""
    rows = [*changed_rows(report), *unchanged_rows(report)]
    if every or len(rows) <= FEW_ROWS:
        return Chosen(tuple(rows))
    baseline = has_baseline(report)
    shown = {index for index, row in enumerate(rows) if _matters(row, baseline)}
    if not baseline:
        shown.update(range(FEW_ROWS))
    return Chosen(
        tuple(row for index, row in enumerate(rows) if index in shown),
        tuple(row for index, row in enumerate(rows) if index not in shown),
    )


def counted(rows: Sequence[Row]) -> str:
    """Say what rows are, by how many: "150 identical, 38 changed by less than 1 %"."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[_word(row)] = counts.get(_word(row), 0) + 1
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def _word(row: Row) -> str:
    if row.failed_before:
        return "failed before too"
    if row.status != "compared":
        return row.status
    return f"changed by less than {format_percent(max(LEAST_CHANGE, row.minor_below or 0))}"


def _matters(row: Row, baseline: bool) -> bool:
    if row.status in ("identical", "skipped") or row.failed_before or row.minor_below is not None:
        return False
    if row.status == "new":
        return baseline
    return row.status != "compared" or row.smoke.status == "infra-error" or largest_change(row) >= LEAST_CHANGE
