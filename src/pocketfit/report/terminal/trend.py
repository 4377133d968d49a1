"""A history as lines for a terminal: the size of each variant, how it changed, and its trend as bars. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.history.trend import VariantTrend, place, spark, trends
from pocketfit.records import History
from pocketfit.report.cells import NAME_LENGTH
from pocketfit.text import clean
from pocketfit.units import format_bytes, format_change

# Of the newest commits: a line is to fit beside the numbers.
WIDEST = 30


def render_trends(history: History) -> Iterator[str]:
    """Say which commits there are, then a line for each variant; the history has at least one entry."""
    entries = history.entries
    if len(entries) == 1:
        yield f"1 commit: {place(entries[0])}"
    else:
        yield f"{len(entries)} commits, from {place(entries[0])} to {place(entries[-1])}"
    rows = [_row(one) for one in trends(history)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, size, change, bars in rows:
        yield f"{name:<{widths[0]}}  {size:>{widths[1]}}  {change:>{widths[2]}}  {bars}".rstrip()


def _row(trend: VariantTrend) -> tuple[str, str, str, str]:
    sizes = trend.sizes
    known = [size for size in sizes if size is not None]
    gone = "" if sizes[-1] is not None else " (gone)"
    change = format_change(known[0], known[-1]) if len(known) > 1 else ""
    return f"{clean(str(trend.variant), NAME_LENGTH)}{gone}", format_bytes(known[-1]), change, spark(sizes[-WIDEST:])
