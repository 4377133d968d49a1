"""Draws where a model's bytes are, as a treemap of its modules, and which of them changed, as bars. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pocketfit.report.cells import NAME_LENGTH
from pocketfit.report.changes import deltas_of, module_name, signed_bytes
from pocketfit.report.page.treemap import squarify
from pocketfit.text import clean
from pocketfit.units import format_bytes

MOST_BARS = 8
# The treemap in pixels, on a screen and on a phone: what is written on a tile must fit there.
WIDE, NARROW, HEIGHT = 1000.0, 320.0, 280.0
CHARACTER, MARGIN, LINE = 7.3, 12.0, 20.0

Way = Literal["grew", "shrank", "same", "new"]


@dataclass(frozen=True)
class Tile:
    """A module in the treemap: where it is, in per cent, and what is said of it.

    `label` is `all` where it fits on every screen, `wide` where only on a wide one, and empty where on none. `lines` is
    how many lines fit.
    """

    x: str
    y: str
    width: str
    height: str
    name: str
    size: str
    change: str
    way: Way
    label: Literal["all", "wide", ""]
    lines: int


@dataclass(frozen=True)
class Bar:
    """A module that changed: by how much, and the length of its bar in per cent of the longest."""

    name: str
    change: str
    way: Way
    length: str


def tiles(before: Mapping[str, int], after: Mapping[str, int], most: int) -> tuple[Tile, ...]:
    """Tiles whose areas are as the modules' bytes in head, the largest first; what is too many is one of its own."""
    sizes = sorted(((name, size) for name, size in after.items() if size > 0), key=lambda one: (-one[1], one[0]))
    named, rest = sizes[:most], sizes[most:]
    shown = [
        (clean(module_name(name), NAME_LENGTH), size, delta_of(before, after, name), _way(before, after, name))
        for name, size in named
    ]
    if rest:
        shown.append((f"{len(rest)} more", sum(size for _, size in rest), "", "same"))
        shown.sort(key=lambda one: -one[1])
    places = squarify([float(size) for _, size, _, _ in shown], WIDE, HEIGHT)
    return tuple(
        Tile(
            per_cent(at.x / WIDE),
            per_cent(at.y / HEIGHT),
            per_cent(at.width / WIDE),
            per_cent(at.height / HEIGHT),
            name,
            format_bytes(size),
            change,
            way,
            _label(at.width / WIDE, at.height, name),
            2 if at.height >= 2 * LINE else 1,
        )
        for at, (name, size, change, way) in zip(places, shown, strict=True)
    )


def per_cent(share: float) -> str:
    """To a tenth, which is a pixel: a page has thousands of them."""
    return f"{100 * share:.1f}".removesuffix(".0")


def _label(width: float, height: float, name: str) -> Literal["all", "wide", ""]:
    needed = CHARACTER * len(name) + MARGIN
    if height < LINE or width * WIDE < needed:
        return ""
    return "all" if width * NARROW >= needed else "wide"


def bars(before: Mapping[str, int], after: Mapping[str, int], most: int = MOST_BARS) -> tuple[Bar, ...]:
    """The modules that changed most; none where there is no base."""
    if not before:
        return ()
    changed = deltas_of(before, after)
    longest = abs(changed[0][1]) if changed else 1
    return tuple(
        Bar(
            clean(module_name(name), NAME_LENGTH),
            signed_bytes(delta),
            "grew" if delta > 0 else "shrank",
            per_cent(abs(delta) / longest),
        )
        for name, delta in changed[:most]
    )


def delta_of(before: Mapping[str, int], after: Mapping[str, int], name: str) -> str:
    delta = after.get(name, 0) - before.get(name, 0)
    return signed_bytes(delta) if before and delta else ""


def _way(before: Mapping[str, int], after: Mapping[str, int], name: str) -> Way:
    if not before or before.get(name) == after[name]:
        return "same"
    if name not in before:
        return "new"
    return "grew" if after[name] > before[name] else "shrank"
