"""Decides by how much a row changed, and whether that is less than the configuration's minimum_change. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.judge.memory import leaks
from pocketfit.judge.work import instructions_changed, memory_traffic_bytes, traffic_changed
from pocketfit.records import Latency, Row
from pocketfit.report.columns.memory import peak_changed, planned_changed
from pocketfit.report.columns.work import works
from pocketfit.report.glance import agrees


def minor_below(row: Row, minimum_change: float | None) -> float | None:
    """Give the ratio that all changes of a passing row are below; None where one is not, or could be larger.

    Nothing is minor where a reviewer has something to know of the row: it came or went, its device did not answer, its
    agreement means nothing, a limit could not be judged, base has a fault, or it keeps memory.
    """
    if minimum_change is None or row.status != "compared" or row.head is None or not agrees(row):
        return None
    if row.unjudged_limits or row.base_reasons or leaks(row.head.memory):
        return None
    is_minor = largest_change(row) < minimum_change and not _may_be_larger(row.latency, minimum_change)
    return minimum_change if is_minor else None


def largest_change(row: Row) -> float:
    """Give the largest change of a number of the row, up or down alike, as a share of what it was."""
    return max(_changes(row))


def _may_be_larger(latency: Latency, minimum_change: float) -> bool:
    """Whether a latency that is unclear may have changed by so much: that is no change which is known to be small."""
    if latency.verdict != "unclear":
        return False
    low, high = latency.ci_low, latency.ci_high
    return low is None or high is None or low <= 1 - minimum_change or high >= 1 + minimum_change


def _changes(row: Row) -> Iterator[float]:
    yield 0.0
    if row.base and row.head:
        yield _share(row.base.size_bytes, row.head.size_bytes)
        yield _share(row.base.download_bytes, row.head.download_bytes)
        base, head = row.base.memory, row.head.memory
        if planned_changed(base, head):
            yield _share(base.planned_bytes, head.planned_bytes)
        if peak_changed(base, head):
            yield _share(base.peak_rss_bytes, head.peak_rss_bytes)
    was, now = works(row)
    if was and now and instructions_changed(was, now):
        yield _share(was.instructions, now.instructions)
    if was and now and traffic_changed(was, now):
        yield _share(memory_traffic_bytes(was), memory_traffic_bytes(now))
    if row.latency.verdict in ("slower", "faster") and row.latency.ratio is not None:
        yield abs(row.latency.ratio - 1)
    if row.metric and row.metric.base is not None:
        yield _share(row.metric.base, row.metric.head)


def _share(before: float | None, after: float | None) -> float:
    if before is None or after is None:
        # A number that there was and is no more.
        return float(before != after)
    return abs(after - before) / abs(before) if before else float(after != before)
