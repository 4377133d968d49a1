"""Shares of trials by slowdown, as an SVG: one panel for each condition, one line for each rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

WIDTH, HEIGHT, MARGIN, GAP, LEGEND = 360, 220, 46, 24, 26
COLOURS = ("#0969da", "#54aeff", "#cf222e", "#9a6700")


@dataclass(frozen=True)
class Point:
    """A share in percent with its interval, at a place of the horizontal axis that has a name."""

    name: str
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    panel: str
    rule: str
    points: tuple[Point, ...]


TEMPLATE = Path(__file__).with_suffix(".svg.jinja")


def draw(lines: Sequence[Line]) -> str:
    """All lines have points at the same places."""
    names = [point.name for point in lines[0].points]
    rules = list(dict.fromkeys(line.rule for line in lines))
    colours = dict(zip(rules, COLOURS, strict=False))
    panels = list(dict.fromkeys(line.panel for line in lines))
    width = MARGIN + len(panels) * (WIDTH + GAP + MARGIN)
    return (
        Environment(trim_blocks=True)
        .from_string(TEMPLATE.read_text())
        .render(
            panels=[
                {
                    "name": name,
                    "left": MARGIN + index * (WIDTH + GAP + MARGIN),
                    "lines": [
                        {"colour": colours[line.rule], "points": line.points} for line in lines if line.panel == name
                    ],
                }
                for index, name in enumerate(panels)
            ],
            names=names,
            legend=colours.items(),
            legend_width=(width - MARGIN) // len(rules),
            width=width,
            height=MARGIN + HEIGHT + 40 + LEGEND,
            margin=MARGIN,
            panel_width=WIDTH,
            panel_height=HEIGHT,
            x=lambda index: round((index + 0.5) * WIDTH / len(names), 1),
            y=lambda percent: round(HEIGHT * (1 - percent / 100), 1),
        )
    )
