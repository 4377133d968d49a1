"""Describes an artifact's bytes for the page: pairs of a word and a value, and a table of its modules. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pocketfit.records import Row
from pocketfit.report.cells import NAME_LENGTH
from pocketfit.report.changes import module_name, signed_bytes
from pocketfit.text import clean
from pocketfit.units import format_bytes, format_sqnr

MANY_MODULES = 40


@dataclass(frozen=True)
class Module:
    """A line of the table; `change` is empty where there is none, or nothing to compare with."""

    name: str
    size: str
    change: str


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


def modules(row: Row) -> tuple[Module, ...]:
    """The largest first, with what changed against base; those that head no longer has come last."""
    after = row.head.anatomy.modules if row.head and row.head.anatomy else {}
    base = row.base.anatomy if row.base else None
    before = base.modules if base and after else {}
    names = sorted({**after, **before}, key=lambda name: (-after.get(name, 0), -before.get(name, 0), name))
    table = [
        Module(
            clean(module_name(name), NAME_LENGTH),
            format_bytes(after[name]) if name in after else "removed",
            signed_bytes(after.get(name, 0) - before.get(name, 0))
            if base and after.get(name) != before.get(name)
            else "",
        )
        for name in names
    ]
    if len(table) > MANY_MODULES:
        rest = sum(after.get(name, 0) for name in names[MANY_MODULES:])
        table = [*table[:MANY_MODULES], Module(f"{len(names) - MANY_MODULES} more", format_bytes(rest), "")]
    return tuple(table)


@dataclass(frozen=True)
class LossyLayer:
    """A line of the table of layers that lose most."""

    name: str
    before: str
    after: str


def lossy_layers(row: Row) -> tuple[LossyLayer, ...]:
    """The layers of a file that is far from eager, the worst first."""
    return tuple(
        LossyLayer(clean(module_name(one.layer), NAME_LENGTH), format_sqnr(one.before_db), format_sqnr(one.after_db))
        for one in row.layer_losses[:MANY_MODULES]
    )


def _listed(sizes: Mapping[str, int]) -> str:
    largest_first = sorted(sizes.items(), key=lambda size: (-size[1], size[0]))
    return ", ".join(f"{clean(name, NAME_LENGTH)} {format_bytes(size)}" for name, size in largest_first)
