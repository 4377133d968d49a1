"""Draws measured ratios and times with their intervals, on one axis. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pocketfit.records import Latency, LayerLoss
from pocketfit.report.changes import module_name
from pocketfit.report.page.tiles import per_cent
from pocketfit.text import clean
from pocketfit.units import format_ms, format_ms_number, format_ratio, format_ratios, format_sqnr

MOST_TICKS = 5
# What of the axis is left free on both sides, so that the numbers at its ends are not cut.
MARGIN = 0.08
MOST_LAYERS = 12
# A scale beyond this is nothing that was measured: a report by others may say anything.
MOST = 1e12
# Of the largest number: numbers that are all but equal stand in the middle of an axis.
LEAST_SPREAD = 1e-3


@dataclass(frozen=True)
class Span:
    """One measurement: what it is, in words with its numbers, and where it is on the axis, in per cent.

    It is bounded from `low` on for `width`, and `point` is the estimate; each is empty where there is none. `tone` is a
    cell's.
    """

    text: str
    low: str
    width: str
    point: str
    tone: str = "plain"


@dataclass(frozen=True)
class Plot:
    """Spans on one axis, whose `ticks` are a place in per cent and a number. `mark` is where nothing has changed."""

    title: str
    spans: tuple[Span, ...]
    ticks: tuple[tuple[str, str], ...]
    mark: str = ""


@dataclass(frozen=True)
class _Measured:
    text: str
    low: float | None
    high: float | None
    point: float | None
    tone: str = "plain"


def latency_plot(latency: Latency) -> Plot | None:
    """Base, head and head against itself; of head alone its time. None where nothing was timed."""
    if latency.verdict == "not-measured":
        return _alone(latency)
    tone = {"slower": "worse", "faster": "better"}.get(latency.verdict, "plain")
    measured = [_ratio(_side("Head", latency.head_ms), latency.ratio, latency.ci_low, latency.ci_high, tone)]
    if latency.base_ms is not None:
        measured.insert(0, _Measured(_side("Base", latency.base_ms), None, None, 1.0, "quiet"))
    if latency.noise_low is not None:
        measured.append(_ratio("Head against itself", None, latency.noise_low, latency.noise_high, "quiet"))
    return _plot("Time of a run, as a multiple of base's", measured, 1.0, format_ratio)


def _alone(latency: Latency) -> Plot | None:
    if latency.head_ms is None:
        return None
    low, high = latency.head_low_ms, latency.head_high_ms
    between = "" if low is None or high is None else f", {format_ms_number(low)} to {format_ms(high)}"
    one = _Measured(f"Head {format_ms(latency.head_ms)}{between}", low, high, latency.head_ms)
    return _plot("Time of a run, in ms", [one], None, format_ms_number)


def layers_plot(losses: Sequence[LayerLoss]) -> Plot | None:
    """What each layer loses of the SQNR, from what goes into it to what comes out, the worst first."""
    measured = [
        _Measured(
            f"{clean(module_name(one.layer))}: {format_sqnr(one.before_db)} to {format_sqnr(one.after_db)}",
            min(one.before_db, one.after_db),
            max(one.before_db, one.after_db),
            one.after_db,
            "worse" if one.lost_db > 0 else "quiet",
        )
        for one in losses[:MOST_LAYERS]
    ]
    return _plot("SQNR against eager before and after a layer, in dB", measured, None, "{:g}".format)


def _side(word: str, milliseconds: float | None) -> str:
    return word if milliseconds is None else f"{word} {format_ms(milliseconds)}"


def _ratio(word: str, ratio: float | None, low: float | None, high: float | None, tone: str) -> _Measured:
    parts = (
        "" if ratio is None else format_ratio(ratio),
        "" if low is None or high is None else format_ratios(low, high),
    )
    return _Measured(", ".join((word, *filter(None, parts))), low, high, ratio, tone)


def _plot(title: str, measured: Sequence[_Measured], mark: float | None, said: Callable[[float], str]) -> Plot | None:
    """None where no number is one that can be drawn."""
    numbers = [value for one in measured for value in (one.low, one.high, one.point) if value is not None]
    if not numbers or not all(math.isfinite(value) and abs(value) < MOST for value in numbers):
        return None
    least, most = min(numbers), max(numbers)
    spread = max(most - least, LEAST_SPREAD * abs(most), LEAST_SPREAD)
    middle = (least + most) / 2
    least, most = middle - (0.5 + MARGIN) * spread, middle + (0.5 + MARGIN) * spread

    def place(value: float | None) -> str:
        return "" if value is None else per_cent((value - least) / (most - least))

    def span(one: _Measured) -> Span:
        if one.low is None or one.high is None:
            return Span(one.text, "", "", place(one.point), one.tone)
        return Span(
            one.text, place(one.low), per_cent((one.high - one.low) / (most - least)), place(one.point), one.tone
        )

    return Plot(
        title,
        tuple(map(span, measured)),
        tuple((place(tick), said(tick)) for tick in ticks(least, most)),
        place(mark),
    )


def ticks(least: float, most: float) -> list[float]:
    """Round numbers between two, at most MOST_TICKS of them: multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((most - least) / MOST_TICKS))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if (most - least) / step <= MOST_TICKS)
    first = math.ceil(least / step)
    return [number * step for number in range(first, math.floor(most / step) + 1)]
