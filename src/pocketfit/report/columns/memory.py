"""Puts the memory of both sides into words: the cell of the table, and the facts of the page. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.judge.memory import PEAK_NOISE_BYTES, TOLD_FOR, leaks
from pocketfit.records import Memory, Report, Row
from pocketfit.report.cell import Cell, Tone
from pocketfit.units import format_bytes, format_bytes_delta, format_change

LIMITS = frozenset({"peak_memory_growth", "planned_memory_growth"})


def has_memory(report: Report) -> bool:
    """Return whether any row's memory changed, is beyond a limit, or is not given back: else there is no column."""
    return any(_matters(row) for row in report.rows)


def peak_changed(base: Memory, head: Memory) -> bool:
    """Return whether the peaks differ by more than two runs of one file do."""
    before, after = base.peak_rss_bytes, head.peak_rss_bytes
    return before is not None and after is not None and abs(after - before) > PEAK_NOISE_BYTES


def planned_changed(base: Memory, head: Memory) -> bool:
    before, after = base.planned_bytes, head.planned_bytes
    return before is not None and after is not None and before != after


def memory_cell(row: Row) -> Cell:
    """The planned memory, where there is one, and its change; beneath it the peak of the process, and what is kept."""
    base, head = _sides(row)
    if row.head is None:
        return Cell("not measured", tone="quiet")
    lines = [*_planned(base, head), *_peak(base, head), *_kept(head)]
    fact, *rest = lines or ["not measured"]
    remark, detail, *more = (*rest, "", "")
    return Cell(fact, remark, detail, _tone(row, base, head), aside=more[0] if rest[2:] else "")


def memory_facts(row: Row) -> Iterator[tuple[str, str]]:
    """Yield what is known of memory, each after its name, base before head."""
    base, head = _sides(row)
    # Reports of earlier versions have the peak in `smoke` alone, and so has a run that failed.
    peak_bytes = row.smoke.peak_rss_bytes if head.peak_rss_bytes is None else head.peak_rss_bytes
    for word, before, after in (
        ("Planned memory", base.planned_bytes, head.planned_bytes),
        ("Peak memory of the process", base.peak_rss_bytes, peak_bytes),
        (f"Kept after {TOLD_FOR} loads and releases", base.retained_bytes, head.retained_bytes),
    ):
        if after is not None:
            yield word, format_bytes(after) if before is None else f"{format_bytes(before)} → {format_bytes(after)}"


def _sides(row: Row) -> tuple[Memory, Memory]:
    return row.base.memory if row.base else Memory(), row.head.memory if row.head else Memory()


def _matters(row: Row) -> bool:
    base, head = _sides(row)
    changed = planned_changed(base, head) or peak_changed(base, head)
    return changed or bool(LIMITS & set(row.failed_limits)) or leaks(head)


def _planned(base: Memory, head: Memory) -> Iterator[str]:
    if head.planned_bytes is None:
        return
    yield f"{format_bytes(head.planned_bytes)} planned"
    if planned_changed(base, head):
        before, after = base.planned_bytes or 0, head.planned_bytes
        yield format_bytes_delta(after - before) + (f", {format_change(before, after)}" if before else "")


def _peak(base: Memory, head: Memory) -> Iterator[str]:
    if head.peak_rss_bytes is None:
        return
    changed = peak_changed(base, head)
    change = f" ({format_change(base.peak_rss_bytes or 0, head.peak_rss_bytes)})" if changed else ""
    yield f"peak {format_bytes(head.peak_rss_bytes)}{change}"


def _kept(head: Memory) -> Iterator[str]:
    if leaks(head) and head.retained_bytes is not None:
        yield f"keeps {format_bytes(head.retained_bytes)}"


def _tone(row: Row, base: Memory, head: Memory) -> Tone:
    if LIMITS & set(row.failed_limits):
        return "failed"
    if not _matters(row):
        return "quiet"
    grew = planned_changed(base, head) and (head.planned_bytes or 0) > (base.planned_bytes or 0)
    grew = grew or (peak_changed(base, head) and (head.peak_rss_bytes or 0) > (base.peak_rss_bytes or 0))
    return "worse" if grew or leaks(head) else "better"
