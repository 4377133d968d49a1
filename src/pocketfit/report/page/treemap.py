"""Lays sizes out as a squarified treemap: rectangles whose areas are as the sizes, and that are as square as can be.

The layout is that of Mark Bruls, Kees Huizing and Jarke J. van Wijk, "Squarified Treemaps" (Data Visualization 2000,
Springer): sizes are taken in order, the largest first, into a row along the shorter side of what is left, for as long
as that makes the row's worst ratio of sides no worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rectangle:
    """Its left upper corner and its sides, in the units of the whole."""

    x: float
    y: float
    width: float
    height: float


def squarify(sizes: Sequence[float], width: float, height: float) -> list[Rectangle]:
    """Give a rectangle for each size, in their order: `sizes` are over 0, the largest first.

    Together they fill `width` by `height`.
    """
    total = sum(sizes)
    left = Rectangle(0.0, 0.0, width, height)
    areas = [size / total * width * height for size in sizes]
    placed: list[Rectangle] = []
    while areas:
        side = min(left.width, left.height)
        count = 1
        while count < len(areas) and _worst(areas[: count + 1], side) <= _worst(areas[:count], side):
            count += 1
        # The last row takes what is left, so that no rounding leaves a gap.
        row, areas = areas[:count], areas[count:]
        rectangles, left = _lay(row, left, is_last=not areas)
        placed += rectangles
    return placed


def _worst(row: Sequence[float], side: float) -> float:
    """The largest ratio of sides in a row of areas along `side`."""
    thickness = sum(row) / side if side else 0.0
    if not thickness:
        return float("inf")
    return max(max(area / thickness**2, thickness**2 / area) for area in row)


def _lay(row: Sequence[float], left: Rectangle, *, is_last: bool) -> tuple[list[Rectangle], Rectangle]:
    """Place a row at the shorter side of what is left, and give what is left then."""
    along_height = left.width >= left.height
    side, depth = (left.height, left.width) if along_height else (left.width, left.height)
    thickness = depth if is_last or not side else min(sum(row) / side, depth)
    total, at = sum(row), 0.0
    placed = []
    for area in row:
        length = area / total * side
        if along_height:
            placed.append(Rectangle(left.x, left.y + at, thickness, length))
        else:
            placed.append(Rectangle(left.x + at, left.y, length, thickness))
        at += length
    if along_height:
        return placed, Rectangle(left.x + thickness, left.y, left.width - thickness, left.height)
    return placed, Rectangle(left.x, left.y + thickness, left.width, left.height - thickness)
