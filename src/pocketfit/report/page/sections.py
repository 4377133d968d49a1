"""Puts into words what was measured of a row and the table has no room for. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.records import Latency, Row
from pocketfit.report.cells import NAME_LENGTH, count_threads
from pocketfit.report.changes import deltas_of
from pocketfit.report.columns.memory import memory_facts
from pocketfit.report.columns.work import work_facts
from pocketfit.report.page.agreement import agreement
from pocketfit.report.page.anatomy import anatomy_facts
from pocketfit.report.page.interval import latency_plot
from pocketfit.report.page.operator_times import operator_times, operator_times_facts
from pocketfit.report.page.section import Section, Table
from pocketfit.report.phone import total_facts
from pocketfit.report.runtimes import version_facts
from pocketfit.text import clean
from pocketfit.units import format_ms, format_ms_number


def sections(row: Row) -> tuple[Section, ...]:
    """What unfolds beneath a row, in the order in which a reader asks for it; empty parts are left out."""
    operators = tuple(table for table in (_operators(row), operator_times(row)) if table)
    parts = (
        Section("Latency", tuple(_timing(row.latency)), plot=latency_plot(row.latency)),
        agreement(row),
        Section("Operators", (*_operator_facts(row), *operator_times_facts(row)), operators),
        Section("Work", tuple(work_facts(row))),
        Section("Memory", tuple(memory_facts(row))),
        Section("File", tuple(_file_facts(row))),
        Section("Device", tuple(_device_facts(row))),
    )
    return tuple(part for part in parts if part)


def _file_facts(row: Row) -> Iterator[tuple[str, str]]:
    if row.head:
        yield "SHA-256", clean(row.head.sha256)
        yield "Parameters", _both(row.base.parameters if row.base else None, row.head.parameters)
        yield from total_facts(row)
        yield from anatomy_facts(row)


def _operator_facts(row: Row) -> Iterator[tuple[str, str]]:
    if row.head is None:
        return
    if row.head.ops:
        after = row.head.ops
        yield "In the file", f"{sum(after.values()):,}, of {len(after):,} {'kind' if len(after) == 1 else 'kinds'}"
    if row.head.delegation:
        yield "Run by XNNPACK", _delegated(row)
        if left_out := row.head.delegation.left_out:
            named = sorted(left_out.items(), key=lambda one: (-one[1], one[0]))
            yield "By portable kernels", clean(", ".join(f"{count:,} {name}" for name, count in named))
    yield from version_facts(row)


def _operators(row: Row) -> Table | None:
    """The operators that came or went, those that changed most first; None where there are none, or no base."""
    before, after = dict(row.base.ops) if row.base else {}, dict(row.head.ops) if row.head else {}
    if not before or not after or before == after:
        return None
    lines = [
        (clean(name, NAME_LENGTH), f"{before.get(name, 0):,}", f"{after.get(name, 0):,}", f"{delta:+,}")
        for name, delta in deltas_of(before, after)
    ]
    return Table.of("Came and went", ("Operator", "Base", "Head", "Change"), lines)


def _device_facts(row: Row) -> Iterator[tuple[str, str]]:
    smoke = row.smoke
    if smoke.status in ("passed", "failed"):
        yield "Device", clean(" ".join(filter(None, (smoke.device, smoke.abi, smoke.runtime))))
    for one in row.also:
        if one.status in ("passed", "failed"):
            core = f"{one.emulated_cpu}, emulated" if one.emulated_cpu else ""
            yield "Device there", clean(", ".join(filter(None, (one.place, core, one.runtime))))
    if smoke.load_ms is not None:
        yield "Load, once", format_ms(smoke.load_ms)
    if smoke.first_ms is not None:
        yield "First run", format_ms(smoke.first_ms)


def _timing(latency: Latency) -> Iterator[tuple[str, str]]:
    """Yield how the times were taken, and the two that are taken once a load."""
    if latency.rounds is not None and latency.loads is not None:
        yield "Timed", f"{latency.loads} fresh loads, {latency.rounds} rounds in an order by seed {latency.seed}"
    if latency.device is not None and latency.threads is not None:
        yield "Timed on", clean(f"{latency.device}, {count_threads(latency.threads)}")
    if latency.head_load_ms is not None:
        yield "Load, fresh", _both_ms(latency.base_load_ms, latency.head_load_ms)
    if latency.head_first_ms is not None:
        yield "First run, fresh", _both_ms(latency.base_first_ms, latency.head_first_ms)


def _both_ms(base_ms: float | None, head_ms: float) -> str:
    return format_ms(head_ms) if base_ms is None else f"{format_ms_number(base_ms)} → {format_ms(head_ms)}"


def _both(base: int | None, head: int) -> str:
    return f"{head:,}" if base is None or base == head else f"{base:,} → {head:,}"


def _delegated(row: Row) -> str:
    shares = [
        f"{side.delegation.delegated:,} of {side.delegation.total:,} operators"
        for side in (row.base, row.head)
        if side and side.delegation
    ]
    return " → ".join(dict.fromkeys(shares))
