"""A part of what unfolds beneath a row: facts, tables and a plot under one title."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pocketfit.report.page.interval import Plot
from pocketfit.report.page.trend import TrendLine

MOST_LINES = 40


@dataclass(frozen=True)
class Table:
    """A title for each column, and lines; the first column has names, the others numbers.

    A line that is shorter than the titles has its last cell over all that is left.
    """

    caption: str
    titles: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    @staticmethod
    def of(caption: str, titles: Sequence[str], lines: Iterable[tuple[str, ...]]) -> Table:
        """Cut what is too long, with a line that says so, and leave out columns that no line has anything in."""
        lines = list(lines)
        more = len(lines) - MOST_LINES
        shown = lines[:MOST_LINES] if more > 0 else lines
        used = [place for place in range(len(titles)) if _is_used(shown, place, len(titles))]
        if len(used) == 1:
            used.append(1)
        cut = [line if len(line) < len(titles) else tuple(line[place] for place in used) for line in shown]
        if more > 0:
            cut.append((f"{more} more", ""))
        return Table(caption, tuple(titles[place] for place in used), tuple(cut))


def _is_used(lines: Sequence[tuple[str, ...]], place: int, columns: int) -> bool:
    return place == 0 or any(len(line) == columns and line[place] for line in lines)


@dataclass(frozen=True)
class Section:
    """Facts are pairs of a word and a value."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    plot: Plot | None = None
    lines: tuple[TrendLine, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.facts or self.tables or self.plot or self.lines)
