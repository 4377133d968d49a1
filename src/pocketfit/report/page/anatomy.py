"""Shows where a model's bytes and work are, module by module, and which of them changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pocketfit.records import Anatomy, Row
from pocketfit.report.cells import NAME_LENGTH
from pocketfit.report.changes import grew_most, module_name
from pocketfit.report.page.tiles import MOST_BARS, Bar, Tile, bars, delta_of, tiles
from pocketfit.text import clean
from pocketfit.units import format_bytes, format_count

# Of one model, and of all models of a page together: its size is bounded.
MANY_MODULES, ALL_MODULES, FEW_MODULES = 40, 1200, 6


@dataclass(frozen=True)
class Module:
    """A line of the table. What there is not is empty: a change, what to compare with, or multiply-accumulates."""

    name: str
    size: str
    change: str
    macs: str = ""
    macs_change: str = ""


@dataclass(frozen=True)
class Modules:
    """The modules of a model, as some of its variants have them; `summary` is the sentence on what changed."""

    variants: tuple[str, ...]
    summary: str
    tiles: tuple[Tile, ...]
    bars: tuple[Bar, ...]
    table: tuple[Module, ...]

    @property
    def has_changes(self) -> bool:
        return any(module.change for module in self.table)

    @property
    def has_macs(self) -> bool:
        return any(module.macs for module in self.table)

    @property
    def has_macs_changes(self) -> bool:
        return any(module.macs_change for module in self.table)


Sides = tuple[Anatomy, Anatomy]


def anatomies(rows: Sequence[Row]) -> list[tuple[Sides, list[Row]]]:
    """Base's and head's anatomy (empty without a base), each pair once with the rows that have it."""
    found: list[tuple[Sides, list[Row]]] = []
    for row in rows:
        if row.head is None or row.head.anatomy is None or not row.head.anatomy.modules:
            continue
        after = row.head.anatomy
        before = (row.base.anatomy if row.base else None) or Anatomy()
        for (one, other), those in found:
            if (one.modules, one.macs, other.modules, other.macs) == (
                *(before.modules, before.macs),
                *(after.modules, after.macs),
            ):
                those.append(row)
                break
        else:
            found.append(((before, after), [row]))
    return found


def most_modules(models: int) -> int:
    """How many modules of each are shown by name, where a page shows those of so many `models`."""
    return max(FEW_MODULES, min(MANY_MODULES, ALL_MODULES // max(models, 1)))


def modules_of(base: Anatomy, head: Anatomy, variants: tuple[str, ...], most: int) -> Modules:
    before, after = base.modules, head.modules
    summary = (grew_most(before, after) or "") if before else ""
    return Modules(
        variants,
        clean(summary),
        tiles(before, after, most),
        bars(before, after, min(most, MOST_BARS)),
        table(base, head, most),
    )


def table(base: Anatomy, head: Anatomy, most: int = MANY_MODULES) -> tuple[Module, ...]:
    """The largest first, with what changed against base; those that head no longer has come last."""
    before, after = base.modules, head.modules
    names = sorted(
        {**after, **before, **(head.macs if after else {})},
        key=lambda name: (-after.get(name, 0), -head.macs.get(name, 0), -before.get(name, 0), name),
    )
    lines = [
        Module(
            clean(module_name(name), NAME_LENGTH),
            format_bytes(after[name]) if name in after else "removed" if name in before else "",
            delta_of(before, after, name),
            format_count(head.macs[name]) if name in head.macs else "",
            _macs_delta(base.macs, head.macs, name),
        )
        for name in names
    ]
    if len(lines) > most:
        rest = sum(after.get(name, 0) for name in names[most:])
        lines = [*lines[:most], Module(f"{len(names) - most} more", format_bytes(rest), "")]
    return tuple(lines)


def anatomy_facts(row: Row) -> Iterator[tuple[str, str]]:
    anatomy = row.head.anatomy if row.head else None
    if anatomy is None:
        return
    if anatomy.parts:
        yield "Bytes by part", _listed(anatomy.parts)
    if anatomy.dtypes:
        yield "Tensors by dtype", _listed(anatomy.dtypes)
    if anatomy.dropped_debug_bytes:
        yield "Debug files", f"left out, {format_bytes(anatomy.dropped_debug_bytes)}"


def _macs_delta(before: Mapping[str, int], after: Mapping[str, int], name: str) -> str:
    delta = after.get(name, 0) - before.get(name, 0)
    return f"{'+' if delta > 0 else '-'}{format_count(abs(delta))}" if before and delta else ""


def _listed(sizes: Mapping[str, int]) -> str:
    largest_first = sorted(sizes.items(), key=lambda size: (-size[1], size[0]))
    return ", ".join(f"{clean(name, NAME_LENGTH)} {format_bytes(size)}" for name, size in largest_first)
