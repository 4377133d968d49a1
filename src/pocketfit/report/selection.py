"""Chooses the rows that a terminal shows of many: what failed or changed, and counts of the rest. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pocketfit.records import Report, Row
from pocketfit.report.cells import has_baseline
from pocketfit.report.columns.memory import peak_changed, planned_changed
from pocketfit.report.columns.work import work_changed, works
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
    return f"changed by less than {format_percent(LEAST_CHANGE)}" if row.status == "compared" else row.status


def _matters(row: Row, baseline: bool) -> bool:
    if row.status in ("identical", "skipped") or row.failed_before:
        return False
    if row.status == "new":
        return baseline
    return row.status != "compared" or row.smoke.status == "infra-error" or max(_changes(row)) >= LEAST_CHANGE


def _changes(row: Row) -> Iterator[float]:
    """How much each number changed, up or down alike, as a share of what it was."""
    yield 0.0
    if row.base and row.head:
        for before, after in (
            (row.base.size_bytes, row.head.size_bytes),
            (row.base.download_bytes, row.head.download_bytes),
        ):
            yield abs(after - before) / before if before else float(after > 0)
        base, head = row.base.memory, row.head.memory
        if planned_changed(base, head) or peak_changed(base, head):
            for was, now in ((base.planned_bytes, head.planned_bytes), (base.peak_rss_bytes, head.peak_rss_bytes)):
                yield abs(now - was) / was if was and now is not None else 0.0
    if work_changed(row):
        was_work, work = works(row)
        if was_work and was_work.instructions and work and work.instructions is not None:
            yield abs(work.instructions - was_work.instructions) / was_work.instructions
    if row.latency.verdict in ("slower", "faster") and row.latency.ratio is not None:
        yield abs(row.latency.ratio - 1)
    metric = row.metric
    if metric and metric.base and metric.head is not None:
        yield abs((metric.head - metric.base) / metric.base)
