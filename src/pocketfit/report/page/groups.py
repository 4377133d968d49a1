"""Lays a report's rows out as the page has them: by model, each with its address and what unfolds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pocketfit.records import Report, Row
from pocketfit.report.cell import Cell
from pocketfit.report.cells import Line, lines, titles
from pocketfit.report.glance import glances
from pocketfit.report.page.anatomy import Modules, anatomies, modules_of
from pocketfit.report.page.order import Keys, keys, kind
from pocketfit.report.page.section import Section
from pocketfit.report.page.sections import sections
from pocketfit.report.page.trend import trend_facts, trend_lines
from pocketfit.report.reasons.entries import address as address_of
from pocketfit.text import clean


@dataclass(frozen=True)
class Entry:
    """A row: its address on the page, its name without the model's, its cells, and what unfolds beneath them.

    `kind` is what it is found by (order.py). The reasons of one that `fails` are not folded away; `help` links to what
    can be done, each by the name of the entry.
    """

    anchor: str
    variant: str
    status: Cell
    cells: tuple[Cell, ...]
    reasons: tuple[str, ...]
    help: tuple[tuple[str, str], ...]
    fails: bool
    kind: str
    keys: Keys
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Group:
    """A model: its rows, and its modules, once for all rows that have the same."""

    model: str
    entries: tuple[Entry, ...]
    modules: tuple[Modules, ...]


def groups(report: Report, rows: Sequence[Row], addresses: Sequence[str], most: int) -> tuple[Group, ...]:
    """Put rows beneath those of the same model, where the first of them stands; at most `most` modules are named."""
    models: dict[str, list[tuple[Row, str]]] = {}
    for row, address in zip(rows, addresses, strict=True):
        models.setdefault(row.model, []).append((row, address))
    return tuple(_group(report, model, those, most) for model, those in models.items())


def _group(report: Report, model: str, those: Sequence[tuple[Row, str]], most: int) -> Group:
    rows = [row for row, _ in those]
    words = tuple(" ".join(title.lines) for title in titles(report)[1:])
    entries = tuple(
        Entry(
            address,
            variant_name(row),
            line.status,
            glance.columns,
            line.reasons,
            tuple((one, address_of(one)) for one in line.kinds),
            row.fails,
            kind(row),
            keys(row),
            (_numbers(words, line), *sections(row), *_past(report, row)),
        )
        for glance, line, (row, address) in zip(glances(report, rows), lines(report, rows), those, strict=True)
    )
    found = anatomies(rows)
    modules = tuple(
        modules_of(base, head, tuple(map(variant_name, which)) if len(found) > 1 else (), most)
        for (base, head), which in found
    )
    return Group(clean(model), entries, modules)


def _past(report: Report, row: Row) -> tuple[Section, ...]:
    past = Section("Over commits", tuple(trend_facts(report, row)), lines=trend_lines(row))
    return (past,) if past else ()


def _numbers(words: Sequence[str], line: Line) -> Section:
    """What the other forms of the report have in their tables."""
    cells = zip(words, line.columns, strict=True)
    # An interval is one sentence on two of a cell's lines.
    said = ((word, ", ".join(cell.lines).replace("between, ", "between ")) for word, cell in cells)
    return Section("Numbers", tuple((word, text) for word, text in said if text))


def variant_name(row: Row) -> str:
    return clean(f"{row.format}/{row.precision}")
