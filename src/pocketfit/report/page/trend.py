"""Draws a row's numbers over earlier commits, as a line for each kind of number. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pocketfit.history.trend import is_flat, named
from pocketfit.records import Report, Row
from pocketfit.report.page.tiles import per_cent
from pocketfit.report.past import largest_of
from pocketfit.units import format_bytes, format_change, format_count, format_ms

# The height of a line's own drawing, where a commit is 1 wide; it is stretched to its place.
HIGH, MARGIN = 60, 6
# A number beyond this is nothing that was measured: a report by others may say anything.
MOST = 1e15
MOST_POINTS = 60


@dataclass(frozen=True)
class TrendLine:
    """A line over `commits`: `path` is for SVG, broken where one has no number, and `end` is its height in per cent.

    `text` says the same in words.
    """

    commits: int
    title: str
    text: str
    path: str
    end: str


def trend_facts(report: Report, row: Row) -> Iterator[tuple[str, str]]:
    """Yield what is said in words: since when, and what has not changed."""
    if found := largest_of(report, row):
        yield "The file", found.words
    for title, numbers, write in _series(row):
        known = [number for number in numbers if number is not None]
        if len(known) > 1 and is_flat(min(known), max(known)):
            yield title, f"{write(known[-1])} at each of {len(known)} commits"


def trend_lines(row: Row) -> tuple[TrendLine, ...]:
    """Draw each kind of number that has changed."""
    return tuple(line for title, numbers, write in _series(row) if (line := _line(title, numbers, write)))


Write = Callable[[float], str]


def _series(row: Row) -> Iterator[tuple[str, Sequence[float | None], Write]]:
    """Each with head's own number at its end."""
    head, trend = row.head, row.trend
    if head is None:
        return
    work = head.work.instructions if head.work else None
    for title, numbers, last, write in (
        ("File", trend.size_bytes, head.size_bytes, lambda size: format_bytes(int(size))),
        ("Latency", trend.latency_ms, row.latency.head_ms, format_ms),
        ("Instructions", trend.instructions, work, lambda count: format_count(int(count))),
    ):
        if numbers:
            yield title, (*numbers[-MOST_POINTS:], last), write


def _line(title: str, numbers: Sequence[float | None], write: Write) -> TrendLine | None:
    known = [number for number in numbers if number is not None]
    if len(known) < 2 or not all(math.isfinite(one) and abs(one) < MOST for one in known):
        return None
    least, most = min(known), max(known)
    if is_flat(least, most):
        return None
    heights = [
        None if number is None else HIGH - MARGIN - round((number - least) / (most - least) * (HIGH - 2 * MARGIN))
        for number in numbers
    ]
    change = format_change(known[0], known[-1])
    text = f"{write(known[0])} to {write(known[-1])} ({change}), between {write(least)} and {write(most)}"
    last = next(height for height in reversed(heights) if height is not None)
    return TrendLine(len(numbers) - 1, title, text, _path(heights), per_cent(last / HIGH))


def _path(heights: Sequence[int | None]) -> str:
    """Write a line as SVG does, relative to the point before: it is short where nothing changes."""
    parts: list[str] = []
    before: int | None = None
    for index, height in enumerate(heights):
        if height is not None:
            # A point by itself is a line of no length, whose round ends show.
            parts.append(f"M{index} {height}h0" if before is None else _step(height - before))
        before = height
    return "".join(f"h{len(list(run))}" if part == "h1" else "".join(run) for part, run in groupby(parts))


def _step(down: int) -> str:
    return f"l1{'' if down < 0 else ' '}{down}" if down else "h1"


def past_facts(report: Report) -> Iterator[tuple[str, str]]:
    """Yield which commits the lines are over."""
    if report.history:
        first, last = report.history[0], report.history[-1]
        span = f"from {named(first.commit, first.date)} to {named(last.commit, last.date)}"
        yield "Commits", f"{len(report.history)}, {span}, and head"
