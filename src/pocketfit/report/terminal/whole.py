"""The report in a terminal: the comment's table, with colours where the terminal has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketfit.records import Report
from pocketfit.report.cells import Line, lines
from pocketfit.report.past import OTHERS, largest_named
from pocketfit.report.selection import counted, select_rows
from pocketfit.report.summary import Headline, headline, legend, notes, sides, surroundings
from pocketfit.report.terminal.layout import wrap
from pocketfit.report.terminal.table import STYLES, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.text import Text

SIGNS = {"good": ("✓", "bold green"), "bad": ("✗", "bold red"), "unknown": ("!", "bold yellow")}


@dataclass(frozen=True)
class View:
    """How much of a report is shown.

    `every_row` shows all that there is, whatever its reader knows already. `legend` explains the columns. Notes that
    are among `known_notes` are counted only. `quiet` leaves the headline, and why what failed did.
    """

    every_row: bool = False
    legend: bool = True
    known_notes: frozenset[str] = frozenset()
    quiet: bool = False


def render_terminal(report: Report, view: View = View()) -> RenderableType:
    """Return what rich's `Console.print` takes; the table has the form that fits the console's width."""
    return _Terminal(report, view)


@dataclass(frozen=True)
class _Terminal:
    report: Report
    view: View

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        from rich.text import Text

        report, view, width = self.report, self.view, options.max_width
        chosen = select_rows(report, every=view.every_row)
        rows = lines(report, chosen.rows)
        yield _headline(headline(report), width)
        if view.quiet:
            yield from _reasons([row for row in rows if row.status.tone == "failed"], width)
            return
        yield _dim(_context(report), width)
        if rows:
            yield Text()
            yield table(report, rows, width)
            yield Text()
        if chosen.rest:
            more = f"and {len(chosen.rest)} more: " if rows else ""
            yield _dim(f"{more}{counted(chosen.rest)} (-v shows them)", width)
            yield Text()
        yield from _reasons(rows, width)
        grown, others = largest_named(report)
        yield from (Text("\n".join(wrap(f"{variant} {words}", width))) for variant, words in grown)
        if others:
            yield _dim(OTHERS.format(others), width)
        yield from _notes(report, view, width)
        if view.every_row or view.legend:
            yield _dim(" ".join(legend(report)), width)


def _headline(head: Headline, width: int) -> Text:
    from rich.text import Text

    sign, style = SIGNS[head.mood]
    about = ", ".join(f"{variant} ({remark})" for variant, remark in head.about)
    more = f" and {head.more} more" if head.more else ""
    verdict = f"{sign} {head.text}"
    text = Text("\n".join(wrap(f"{verdict}: {head.lead}{about}{more}" if about else verdict, width)))
    text.stylize(style, 0, len(verdict))
    return text


def _context(report: Report) -> str:
    both = sides(report)
    head = f"head {both.head}" if both.head else "the working tree"
    compared = f"base {both.base or 'without a commit'} → {head}" if both.has_baseline else f"{head}, no baseline"
    return " · ".join([compared, *surroundings(report)])


def _reasons(rows: Sequence[Line], width: int) -> Iterator[RenderableType]:
    """Each reason once, under the names of the rows that have it.

    They stand beside a bar: so no line begins with words of a model, which a log might take for commands.
    """
    from rich.text import Text

    alike: dict[tuple[str, ...], list[Line]] = {}
    for row in rows:
        if row.reasons:
            alike.setdefault(row.reasons, []).append(row)
    for reasons, group in alike.items():
        failed = any(row.status.tone == "failed" for row in group)
        names = wrap(", ".join(row.name for row in group), width)
        yield Text("\n".join(names), style=STYLES["failed"] if failed else "bold")
        for reason in reasons:
            for part in wrap(reason, width - 2):
                yield Text.assemble(("│ ", "dim"), part)
        yield Text()


def _notes(report: Report, view: View, width: int) -> Iterator[RenderableType]:
    known = set() if view.every_row else view.known_notes
    new = [note for note, raw in zip(notes(report), report.notes, strict=True) if raw not in known]
    yield from (_dim(f"note: {note}", width) for note in new)
    if old := len(report.notes) - len(new):
        them = "1 note is" if old == 1 else f"{old} notes are"
        yield _dim(f"{them} as in the run before (-v shows all)", width)


def _dim(text: str, width: int) -> Text:
    from rich.text import Text

    return Text("\n".join(wrap(text, width)), style="dim")
