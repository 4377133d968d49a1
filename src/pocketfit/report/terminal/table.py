"""The table of a report in a terminal: columns where they fit without breaking a word, else a block for each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pocketfit.records import Report
from pocketfit.report.cell import Cell, Tone
from pocketfit.report.cells import Line, titles
from pocketfit.report.terminal.layout import fit, least_width, natural_width, wrap, wrap_name

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

STYLES: dict[Tone, str] = {"plain": "", "failed": "bold red", "worse": "yellow", "better": "green", "quiet": "dim"}
# What "+1,234,567 B", "0.102 → 0.103 ms" and "max diff 2.9e-6" take.
PREFERRED = {
    "Variant": 16,
    "File": 12,
    "Download": 12,
    "Latency": 16,
    "Latency on": 16,
    "Work on": 16,
    "Work": 16,
    "Memory": 14,
    "On-device check": 15,
}
NUMERIC = ("File", "Download", "Latency", "Latency on", "Work on", "Work", "Memory", "Metric")
GAP = 2


def table(report: Report, rows: Sequence[Line], width: int) -> RenderableType:
    """Lay the rows out in `width` columns of a terminal."""
    columns = titles(report)
    texts = [[*title.lines] for title in columns]
    for row in rows:
        for column, cell in zip(texts, (Cell(row.name), *row.columns), strict=True):
            column.extend(cell.lines)
        texts[0].extend(row.status.lines)
    least = [max(map(least_width, column)) for column in texts]
    natural = [max(map(natural_width, column)) for column in texts]
    preferred = [PREFERRED.get(title.fact, 0) for title in columns]
    widths = fit(least, preferred, natural, width - GAP * (len(columns) - 1))
    return _blocks(columns, rows, width) if widths is None else _table(columns, rows, widths)


def _table(columns: Sequence[Cell], rows: Sequence[Line], widths: Sequence[int]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # A space of padding and one of the box between columns: GAP.
    made = Table(
        box=box.SIMPLE_HEAD, leading=1, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, header_style="bold"
    )
    for title, width in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if title.fact in NUMERIC else "left"
        header = "\n".join(part for line in title.lines for part in wrap(line, width))
        made.add_column(Text(header), justify=justify, width=width, no_wrap=True)
    for row in rows:
        name = Text("\n".join(wrap_name(row.name, widths[0])), style="bold")
        status = _lines(row.status.lines, widths[0], STYLES[row.status.tone])
        cells = [_cell(cell, width) for cell, width in zip(row.columns, widths[1:], strict=True)]
        made.add_row(Text.assemble(name, "\n", status), *cells)
    return made


def _blocks(columns: Sequence[Cell], rows: Sequence[Line], width: int) -> RenderableType:
    """Each row as lines of its own, a title and what its cell says, for what is too narrow for columns."""
    from rich.console import Group
    from rich.text import Text

    lines: list[Text] = []
    for row in rows:
        lines += [Text()] if lines else []
        lines.append(Text("\n".join(wrap_name(row.name, width)), style="bold"))
        lines.append(_lines((", ".join(row.status.lines),), width, STYLES[row.status.tone]))
        for title, cell in zip(columns[1:], row.columns, strict=True):
            if cell.lines:
                said = f"{' '.join(title.lines)}: {'; '.join(cell.lines)}"
                lines.append(Text("  " + "\n    ".join(wrap(said, width - 4)), style=STYLES[cell.tone]))
    return Group(*lines)


def _cell(cell: Cell, width: int) -> Text:
    """The fact stands out only where it is what failed; what it changed by carries the tone."""
    from rich.text import Text

    fact, *rest = cell.lines or ("",)
    style = STYLES[cell.tone]
    first = _lines((fact,), width, "" if rest and cell.tone != "failed" else style)
    return Text.assemble(first, "\n", _lines(rest, width, style)) if rest else first


def _lines(lines: Sequence[str], width: int, style: str) -> Text:
    from rich.text import Text

    return Text("\n".join(part for line in lines for part in wrap(line, width)), style=style)
