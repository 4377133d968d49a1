"""The report in a terminal: the comment's table, with colours where the terminal has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pocketfit.records import Report
from pocketfit.report.cells import Cell, Line, Tone, line, titles
from pocketfit.report.summary import (
    Headline,
    changed_rows,
    headline,
    legend,
    notes,
    sides,
    surroundings,
    unchanged_rows,
)

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table
    from rich.text import Text

SIGNS = {"good": ("✓", "bold green"), "bad": ("✗", "bold red"), "unknown": ("!", "bold yellow")}
STYLES: dict[Tone, str] = {"plain": "", "failed": "bold red", "worse": "yellow", "better": "green", "quiet": "dim"}

# From this width on a name stands on one line; below, the model has a line of its own.
WIDE = 100
# What "+1,234,567 B", "0.102 → 0.103 ms" and "SQNR 108.0 dB" take; the name folds before they do.
WIDTHS = {"File": 12, "Download": 12, "Latency": 16, "Latency on": 16, "Metric": 7, "On-device check": 14}
NAME_WIDTH = 16
NUMERIC = ("File", "Download", "Latency", "Latency on", "Metric")


def render_terminal(report: Report) -> RenderableType:
    """Return what rich's `Console.print` takes; the table has the form that fits the console's width (80 or more)."""
    return _Terminal(report)


@dataclass(frozen=True)
class _Terminal:
    report: Report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        from rich.text import Text

        changed = [line(self.report, row) for row in changed_rows(self.report)]
        unchanged = [line(self.report, row) for row in unchanged_rows(self.report)]
        yield _headline(headline(self.report))
        yield _dim(_context(self.report))
        if self.report.rows:
            yield Text()
            yield _table(self.report, [*changed, *unchanged], wide=options.max_width >= WIDE)
            yield Text()
        for row in (*changed, *unchanged):
            yield from _reasons(row)
        yield from (_dim(f"note: {note}") for note in notes(self.report))
        if self.report.rows:
            yield _dim(" ".join(legend(self.report)))


def _headline(head: Headline) -> Text:
    from rich.text import Text

    sign, style = SIGNS[head.mood]
    about = ", ".join(f"{variant} ({remark})" for variant, remark in head.about)
    more = f" and {head.more} more" if head.more else ""
    return Text.assemble((f"{sign} {head.text}", style), f": {head.lead}{about}{more}" if about else "")


def _context(report: Report) -> str:
    both = sides(report)
    head = f"head {both.head}" if both.head else "the working tree"
    compared = f"base {both.base or 'without a commit'} → {head}" if both.has_baseline else f"{head}, no baseline"
    return " · ".join([compared, *surroundings(report)])


def _table(report: Report, lines: Sequence[Line], *, wide: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD, leading=1, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, header_style="bold"
    )
    columns = titles(report)
    # A further column is the name's loss.
    name_width = NAME_WIDTH if len(columns) == 5 else NAME_WIDTH - 8
    for title in columns:
        justify: Literal["left", "right"] = "right" if title.fact in NUMERIC else "left"
        table.add_column(
            Text("\n".join(title.lines)), justify=justify, overflow="fold", min_width=WIDTHS.get(title.fact, name_width)
        )
    for row in lines:
        table.add_row(_name(row, wide=wide), *map(_cell, row.columns))
    return table


def _name(row: Line, *, wide: bool) -> Text:
    from rich.text import Text

    variant = row.name if wide else row.name.replace("/", "/\n", 1)
    return Text.assemble((variant, "bold"), "\n", ("\n".join(row.status.lines), STYLES[row.status.tone]))


def _cell(cell: Cell) -> Text:
    """The fact stands out only where it is what failed; what it changed by carries the tone."""
    from rich.text import Text

    fact, *rest = cell.lines or ("",)
    style = STYLES[cell.tone]
    return Text.assemble(
        (fact, "" if rest and cell.tone != "failed" else style), *((f"\n{text}", style) for text in rest)
    )


def _reasons(row: Line) -> Iterator[RenderableType]:
    """Under the name, beside a bar: so no line begins with words of a model, which a log might take for commands."""
    from rich.text import Text

    if not row.reasons:
        return
    yield Text(row.name, style="bold red" if row.status.tone == "failed" else "bold")
    for reason in row.reasons:
        yield _Barred(reason)
    yield Text()


@dataclass(frozen=True)
class _Barred:
    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        from rich.text import Text

        for part in Text(self.text).wrap(console, options.max_width - 2):
            yield Text.assemble(("│ ", "dim"), part)


def _dim(text: str) -> Text:
    from rich.text import Text

    return Text(text, style="dim")
