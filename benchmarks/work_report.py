"""What work_counts found, as docs/work.md has it: tables in Markdown, and instructions against MACs as an SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment

from pocketfit.judge.work import instructions_changed
from pocketfit.records import Work
from pocketfit.units import format_count

Found = Mapping[str, Sequence[Mapping[str, Any]]]

WIDTH, HEIGHT, MARGIN, BELOW = 640, 320, 64, 72
COLOURS = ("#0969da", "#cf222e", "#9a6700", "#1a7f37")
TEMPLATE = Path(__file__).with_name("work_plot.svg.jinja")


def tables(found: Found) -> str:
    parts = (
        _pairs(found.get("pairs", ())),
        _processes(found.get("processes", ())),
        _cost(found.get("cost", ())),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


def _pairs(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each head beside the base of its model."""
    if not rows:
        return
    yield "| model | change | MACs | instructions | change in MACs | in instructions | said to have changed |"
    yield "| :-- | :-- | --: | --: | --: | --: | :-- |"
    bases = {row["model"]: row for row in rows if not row["change"]}
    for row in rows:
        base = bases[row["model"]]
        before, after = Work(**base["work"]), Work(**row["work"])
        cells = [row["model"], row["change"] or "base", format_count(row["macs"]), f"{after.instructions:,}"]
        if row is base:
            cells += ["", "", ""]
        else:
            changed = "yes" if instructions_changed(before, after) else "no"
            macs, instructions = (base["macs"], row["macs"]), (before.instructions or 0, after.instructions or 0)
            cells += [_change(*macs), _change(*instructions), changed]
        yield f"| {' | '.join(cells)} |"


def _change(before: int, after: int) -> str:
    return f"{(after - before) / before:+.2%}".replace("%", " %")


def _processes(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not rows:
        return
    counts = [row["work"]["instructions"] for row in rows]
    yield "| process | beside | load before | instructions | calls within |"
    yield "| --: | :-- | --: | --: | --: |"
    for number, row in enumerate(rows, 1):
        beside = f"{row['loops']} busy loops" if row["loops"] else "nothing of ours"
        work = row["work"]
        yield f"| {number} | {beside} | {row['load']:.1f} | {work['instructions']:,} | {work['spread'] * 100:.5f} % |"
    yield ""
    yield f"All within {(max(counts) - min(counts)) / min(counts) * 100:.6f} %."


def _cost(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not rows:
        return
    yield "| model | image | MACs | own: process | call | arm64: process | call | counted: process | call |"
    yield "| :-- | --: | --: | --: | --: | --: | --: | --: | --: |"
    for row in rows:
        times = [
            f"{seconds:.3f}" if seconds < 1 else f"{seconds:.1f}"
            for name in ("own", "emulated", "counted")
            for seconds in row[name]
        ]
        yield f"| {row['model']} | {row['side']} | {format_count(row['macs'])} | {' | '.join(times)} |"


def plot(found: Found) -> str:
    """A point for each file, on logarithmic axes, by the colour of its model."""
    rows = found["pairs"]
    names = list(dict.fromkeys(row["model"] for row in rows))
    points = [(row["model"], {"macs": row["macs"], "instructions": row["work"]["instructions"]}) for row in rows]
    x, x_ticks = _axis([point["macs"] for _, point in points], WIDTH, upwards=False)
    y, y_ticks = _axis([point["instructions"] for _, point in points], HEIGHT, upwards=True)
    return (
        Environment(trim_blocks=True)
        .from_string(TEMPLATE.read_text())
        .render(
            width=WIDTH + MARGIN + 20,
            height=HEIGHT + BELOW,
            margin=MARGIN,
            plot_width=WIDTH,
            plot_height=HEIGHT,
            legend_width=WIDTH // len(names),
            x=x,
            y=y,
            x_ticks=x_ticks,
            y_ticks=y_ticks,
            all_series=[
                {"name": name, "colour": colour, "points": [point for model, point in points if model == name]}
                for name, colour in zip(names, COLOURS, strict=False)
            ],
        )
    )


def _axis(values: Sequence[int], length: int, *, upwards: bool) -> tuple[Any, list[tuple[int, str]]]:
    """Where a value is on a logarithmic axis that holds all, and its ticks: 1, 2 and 5 of each power of ten."""
    low, high = math.log10(min(values)) - 0.1, math.log10(max(values)) + 0.1

    def place(value: int) -> float:
        share = (math.log10(value) - low) / (high - low)
        return round(length * (1 - share if upwards else share), 1)

    ticks = [factor * 10**power for power in range(3, 13) for factor in (1, 2, 5)]
    return place, [(tick, format_count(tick)) for tick in ticks if low <= math.log10(tick) <= high]
