"""Puts the counted work of both sides into words: the cell, the facts of the page, and where a row needs it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.judge.work import core_of, incomparable, instructions_changed, memory_traffic_bytes, traffic_changed
from pocketfit.records import Report, Row, Work
from pocketfit.report.cell import Cell, Tone
from pocketfit.text import clean
from pocketfit.units import format_bytes, format_count, format_counts, format_fine_change, format_unsigned_change

LIMITS = frozenset({"instructions_growth", "memory_traffic_growth"})
LABEL_LENGTH = 80


def has_work(report: Report) -> bool:
    """Return whether any row's work was counted and changed, or is beyond a limit: else there is no column."""
    return any(work_changed(row) or LIMITS & set(row.failed_limits) for row in report.rows)


def counters(report: Report) -> list[str]:
    """Name what counted, as Work.counted_by does: one, but where runs of several machines were put together."""
    heads = (head for _, head in map(works, report.rows))
    return sorted({head.counted_by for head in heads if head and head.instructions is not None})


def work_changed(row: Row) -> bool:
    base, head = works(row)
    return instructions_changed(base, head) or traffic_changed(base, head)


def works(row: Row) -> tuple[Work | None, Work | None]:
    """Base's and head's."""
    return row.base.work if row.base else None, row.head.work if row.head else None


def work_label(report: Report) -> str:
    """ "arm64-v8a, cortex-a76": where all of a report's work was counted, empty where that is more than one place."""
    places = {
        clean(", ".join(filter(None, (work.abi, core_of(work)))), LABEL_LENGTH)
        for row in report.rows
        for work in works(row)
        if work and work.instructions is not None
    }
    return places.pop() if len(places) == 1 else ""


def work_cell(row: Row) -> Cell:
    """The instructions of a forward, and their change, exact by an emulator; beneath it that of the memory traffic."""
    base, head = works(row)
    if head is None or head.instructions is None:
        return Cell("not counted", clean(head.reason, LABEL_LENGTH) if head else "", tone="quiet")
    if base is None or base.instructions is None:
        return Cell(f"{format_count(head.instructions)} instructions", tone="quiet")
    if incomparable(base, head):
        return Cell("not compared", "base was counted for another core", tone="quiet")
    moved = _traffic(base, head) if traffic_changed(base, head) else ""
    if not instructions_changed(base, head):
        tone = _tone(row, memory_traffic_bytes(base), memory_traffic_bytes(head)) if moved else "quiet"
        return Cell(f"{format_count(head.instructions)} instructions", "the same", moved, tone)
    found_by = "hardware count" if head.counted_by == "perf_event" else "exact"
    change = f"{format_fine_change(base.instructions, head.instructions)}, {found_by}"
    fact = f"{format_counts(base.instructions, head.instructions)} instructions"
    return Cell(fact, change, moved, _tone(row, base.instructions, head.instructions))


def work_facts(row: Row) -> Iterator[tuple[str, str]]:
    """Yield what is known of work, each after its name, base before head."""
    base, head = works(row)
    if head is None:
        return
    if head.instructions is None:
        yield "Work", f"not counted: {clean(head.reason)}"
        return
    before = base if base and base.instructions is not None and not incomparable(base, head) else None
    yield "Instructions of a forward", _both(before.instructions if before else None, head.instructions)
    for word, was, now in (
        ("Loaded", before.loaded_bytes if before else None, head.loaded_bytes),
        ("Stored", before.stored_bytes if before else None, head.stored_bytes),
    ):
        if now is not None:
            yield (
                f"{word} by a forward",
                format_bytes(now) if was is None else f"{format_bytes(was)} → {format_bytes(now)}",
            )
    if head.counted_by == "perf_event":
        yield "Loaded and stored by a forward", "not known: a core's own counter knows instructions alone"
    calls = "" if head.calls is None or head.spread is None else f", {head.calls} calls within {head.spread:.4%}"
    where = clean(", ".join(filter(None, (head.abi, core_of(head), head.runtime))))
    yield "Counted on", f"{where}{calls}".replace("%", " %")


def instead_of_time(base: Work | None, head: Work | None) -> str:
    """What work says where time is unclear: "4.3 % more instructions on arm64-v8a"; empty where it was not counted."""
    if base is None or head is None or incomparable(base, head) or base.instructions is None:
        return ""
    if not instructions_changed(base, head) or head.instructions is None:
        return f"the same number of instructions on {head.abi}"
    more = "more" if head.instructions > base.instructions else "fewer"
    return f"{format_unsigned_change(base.instructions, head.instructions)} {more} instructions on {head.abi}"


def _traffic(base: Work, head: Work) -> str:
    before, after = memory_traffic_bytes(base), memory_traffic_bytes(head)
    return "" if before is None or after is None else f"memory traffic {format_fine_change(before, after)}"


def _both(base: int | None, head: int) -> str:
    if base is None:
        return f"{head:,}"
    return f"{base:,} → {head:,} ({format_fine_change(base, head)})"


def _tone(row: Row, before: int | None, after: int | None) -> Tone:
    if LIMITS & set(row.failed_limits):
        return "failed"
    return "worse" if (after or 0) > (before or 0) else "better"
