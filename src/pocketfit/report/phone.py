"""Says what an app pays for its models: each, and the runtime that they need, which it has once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pocketfit.records import PHONE_ABI, AppSize, Report, Row, RuntimeSize, SideFacts
from pocketfit.report.cells import LABEL_LENGTH, name
from pocketfit.runtimes.sizes import sizes_of
from pocketfit.text import clean
from pocketfit.units import format_bytes


def runtime_sizes(rows: Iterable[Row], libraries: Mapping[str, str]) -> tuple[RuntimeSize, ...]:
    """List the sizes of the Android libraries that the rows' formats need; `libraries` maps formats to their names."""
    needed = dict.fromkeys(libraries[row.format] for row in rows if row.format in libraries)
    return tuple(size for library in needed for size in sizes_of(library))


def with_totals(rows: Iterable[Row], libraries: Mapping[str, str]) -> Iterator[Row]:
    """Give each side of each row what a phone has of it: the file and its runtime, for every ABI."""
    for row in rows:
        sizes = sizes_of(libraries.get(row.format, ""))
        yield replace(row, base=_with_total(row.base, sizes), head=_with_total(row.head, sizes)) if sizes else row


def _with_total(side: SideFacts | None, sizes: Iterable[RuntimeSize]) -> SideFacts | None:
    if side is None:
        return None
    totals = {
        size.abi: AppSize(size.size_bytes + side.size_bytes, size.download_bytes + side.download_bytes)
        for size in sizes
    }
    return replace(side, on_phone=totals)


def runtimes_line(report: Report) -> str:
    """One sentence on the runtimes that the rows need; "" where none is known. A lone model's total is in it too."""
    parts = [
        f"{clean(size.library, 2 * LABEL_LENGTH)} {format_bytes(size.size_bytes)}, "
        f"download {format_bytes(size.download_bytes)}"
        for size in report.runtimes
        if size.abi == PHONE_ABI
    ]
    if not parts:
        return ""
    heads = [(row, row.head.on_phone[PHONE_ABI]) for row in report.rows if row.head and PHONE_ABI in row.head.on_phone]
    total = f" (with {name(heads[0][0])}: {_total(heads[0][1])})" if len(heads) == 1 else ""
    return f"An app has the runtime besides, once for all models ({PHONE_ABI}): {'; '.join(parts)}{total}."


def total_facts(row: Row) -> Iterator[tuple[str, str]]:
    """Yield what a phone has of head's file and its runtime, and of base's where that differs."""
    before, after = (side.on_phone.get(PHONE_ABI) if side else None for side in (row.base, row.head))
    if after:
        change = f"{_total(before)} → " if before and before != after else ""
        yield f"With the runtime, {PHONE_ABI}", f"{change}{_total(after)}"


def _total(size: AppSize) -> str:
    return f"{format_bytes(size.size_bytes)}, download {format_bytes(size.download_bytes)}"
