"""Puts into words what each kind of operator of a .pte takes, on the machine that built it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.records import OperatorTimes, Row
from pocketfit.report.cells import NAME_LENGTH
from pocketfit.report.page.section import Table
from pocketfit.text import clean
from pocketfit.units import format_ms_number

# A word of ours, no name that a runtime gives: none of them begins with a bracket.
LEFT_OVER = "(all else)"


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
    """What each kind of operator takes in a forward, those of head that take longest first."""
    head, base = (side.operator_times if side else None for side in (row.head, row.base))
    if head is None or not head.total_ms:
        return None
    before = _by_name(base)
    after = _by_name(head)
    lines = [
        (
            clean(name, NAME_LENGTH),
            f"{calls:,}" if calls else "",
            _ms(before.get(name)),
            format_ms_number(ms),
            f"{100 * ms / head.total_ms:.0f} %",
        )
        for name, (calls, ms) in after.items()
    ]
    lines += [
        (clean(name, NAME_LENGTH), "", format_ms_number(ms), "", "")
        for name, (_, ms) in before.items()
        if name not in after
    ]
    title = f"Time by operator in ms, {format_ms_number(head.total_ms)} in all"
    return Table.of(title, ("Operator", "Calls", "Base", "Head", "Of head"), lines)


def _ms(timed: tuple[int, float] | None) -> str:
    return format_ms_number(timed[1]) if timed else ""


def _by_name(times: OperatorTimes | None) -> dict[str, tuple[int, float]]:
    """Calls and milliseconds of each operator, and what is left of the whole."""
    if times is None or times.total_ms is None:
        return {}
    named = {one.operator: (one.calls, one.ms) for one in times.operators}
    return named | {LEFT_OVER: (0, max(times.total_ms - sum(one.ms for one in times.operators), 0.0))}
