"""Puts into words what each kind of operator of a .pte takes, on the machine that built it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.records import Row
from pocketfit.report.cells import NAME_LENGTH
from pocketfit.report.page.section import Table
from pocketfit.text import clean
from pocketfit.units import format_ms_number

# A word of ours, no name that a runtime gives: none of them begins with a bracket.
LEFT_OVER = "(all else)"
MOST_KINDS = 12


def operator_times_facts(row: Row) -> Iterator[tuple[str, str]]:
    """Say how the times of the table were taken, or why there is none."""
    head = row.head.operator_times if row.head else None
    if head is None:
        return
    if head.reason:
        yield "Time by operator", clean(head.reason)
    elif head.forwards is not None and head.executorch is not None:
        yield (
            "Time by operator",
            f"medians of {head.forwards} forwards on the machine that built the file, one thread, by the runtime of "
            f"executorch {clean(head.executorch)}, not Android's; base and head were not timed in turn: "
            "whether one is slower is said under Latency",
        )


def operator_times(row: Row) -> Table | None:
    """What the kinds of operators that take longest in head take in a forward, and what is left of the whole."""
    head, base = (side.operator_times if side else None for side in (row.head, row.base))
    if head is None or not head.total_ms:
        return None
    shown = head.operators[:MOST_KINDS]
    before = {one.operator: one.ms for one in base.operators} if base else {}
    lines = [
        (
            clean(one.operator, NAME_LENGTH),
            f"{one.calls:,}",
            format_ms_number(before[one.operator]) if one.operator in before else "",
            format_ms_number(one.ms),
            _share(one.ms, head.total_ms),
        )
        for one in shown
    ]
    left_ms = max(head.total_ms - sum(one.ms for one in shown), 0.0)
    before_left = ""
    if base and base.total_ms:
        known_ms = sum(before.get(one.operator, 0.0) for one in shown)
        before_left = format_ms_number(max(base.total_ms - known_ms, 0.0))
    lines.append((LEFT_OVER, "", before_left, format_ms_number(left_ms), _share(left_ms, head.total_ms)))
    title = f"Time by operator in ms, {format_ms_number(head.total_ms)} in all"
    return Table.of(title, ("Operator", "Calls", "Base", "Head", "Of head"), lines)


def _share(ms: float, total_ms: float) -> str:
    return f"{100 * ms / total_ms:.0f} %"
