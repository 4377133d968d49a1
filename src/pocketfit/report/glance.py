"""What a reviewer needs of a row at a glance, on one line: which way it went, by how much, and whether it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from pocketfit.formats import listed
from pocketfit.judge.limits import SIZE_LIMITS
from pocketfit.judge.parity import meaningless
from pocketfit.records import Report, Row
from pocketfit.report.cell import Cell, Tone
from pocketfit.report.cells import LABEL_LENGTH, NAME_LENGTH, failures, has_baseline, has_metric, how_sure
from pocketfit.report.columns.work import LIMITS as WORK_LIMITS
from pocketfit.report.columns.work import has_work, work_changed, works
from pocketfit.report.runtimes import not_taken_by
from pocketfit.text import clean
from pocketfit.units import (
    format_bytes,
    format_bytes_delta,
    format_bytes_pair,
    format_change,
    format_count,
    format_fine_change,
    format_metric,
    format_metric_delta,
    format_ms,
    format_ratio,
    format_ratios,
)

UP, DOWN = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"
NOTHING = "\N{EN DASH}"
AGREES = "agrees"
# How much a cell may say: all columns have to fit beside each other on GitHub's page. "slim" leaves out what base had
# and how many instructions there are, "tight" also latencies and metrics, but for how they changed.
Room = Literal["wide", "slim", "tight"]


@dataclass(frozen=True)
class Glance:
    """One line. `model` is empty where the line above is of the same one; `columns` are as `glance_titles` has them."""

    model: str
    variant: str
    columns: tuple[Cell, ...]


def glance_titles(report: Report) -> tuple[Cell, ...]:
    optional = ((Cell("Work"), has_work(report)), (Cell("Metric"), has_metric(report)))
    wanted = (title for title, is_wanted in optional if is_wanted)
    return (Cell("Model"), Cell("Variant"), Cell("File"), Cell("Latency"), *wanted, Cell("Check"))


def glances(report: Report, rows: Sequence[Row], room: Room = "wide") -> list[Glance]:
    """Put rows into one line each, those of a model beneath each other, where the first of them stands."""
    baseline = has_baseline(report)
    places = {row.model: place for place, row in reversed(list(enumerate(rows)))}
    lines = []
    for model, group in groupby(sorted(rows, key=lambda row: places[row.model]), key=lambda row: row.model):
        for place, row in enumerate(group):
            optional = ((_work, has_work(report)), (_metric, has_metric(report)))
            more = (cell(row, room) for cell, is_wanted in optional if is_wanted)
            columns = (_file(row, baseline, room), _latency(row, room), *more, _check(row))
            name = "" if place else clean(model, NAME_LENGTH)
            variant = clean(f"{row.format}/{row.precision}", LABEL_LENGTH)
            lines.append(Glance(name, variant, columns))
    return lines


def room_of(report: Report) -> Room:
    """What there is room for in a comment."""
    optional = has_work(report) + has_metric(report)
    return "wide" if not optional else "slim" if optional == 1 else "tight"


def stakes(row: Row) -> str:
    """Say what is up with a failing row in a few words, with the numbers: for a headline."""
    said = []
    for limit in row.failed_limits:
        match limit:
            case "size_growth" if row.base and row.head:
                said.append(f"file {format_change(row.base.size_bytes, row.head.size_bytes)}")
            case "size" if row.head:
                said.append(f"file {format_bytes(row.head.size_bytes)}")
            case "latency_growth" if row.latency.ratio is not None:
                said.append(f"latency {format_ratio(row.latency.ratio)}")
            case "instructions_growth" if counts := _instructions(row):
                said.append(f"instructions {format_fine_change(*counts)}")
            case _:
                said.append(clean(limit, LABEL_LENGTH))
    return ", ".join(said or failures(row))


def _instructions(row: Row) -> tuple[int, int] | None:
    base, head = works(row)
    if base is None or head is None or base.instructions is None or head.instructions is None:
        return None
    return base.instructions, head.instructions


def _file(row: Row, baseline: bool, room: Room) -> Cell:
    if row.head is None:
        gone = "removed" if row.status == "removed" else "no file"
        was = f", was {format_bytes(row.base.size_bytes)}" if row.base and room == "wide" else ""
        return Cell(f"{gone}{was}", tone="quiet")
    over = not set(row.failed_limits).isdisjoint(SIZE_LIMITS)
    after = row.head.size_bytes
    if row.base is None:
        new = f"new, {format_bytes(after)}" if baseline else format_bytes(after)
        return Cell(new, tone="failed" if over else "plain")
    before = row.base.size_bytes
    if before == after:
        return Cell(f"{format_bytes(after)}, same size", tone="failed" if over else "quiet")
    arrow = UP if after > before else DOWN
    tone: Tone = "failed" if over else "worse" if after > before else "better"
    sizes = format_bytes_pair(before, after)
    if room != "wide":
        # What three digits don't show is said to the byte.
        _, shown, head = sizes.partition("→ ")
        sizes = head if shown else format_bytes_delta(after - before)
    return Cell(f"{arrow} {sizes}, {format_change(before, after)}", tone=tone)


def _latency(row: Row, room: Room) -> Cell:
    latency = row.latency
    if latency.head_ms is not None and latency.verdict == "not-measured":
        return Cell(format_ms(latency.head_ms), tone="quiet")
    if latency.verdict == "not-measured" or latency.base_ms is None:
        return Cell(NOTHING, tone="quiet")
    low, high = latency.ci_low, latency.ci_high
    if latency.ratio is None or latency.head_ms is None or latency.verdict == "unclear":
        if low is None or high is None or room == "tight":
            return Cell("unclear", tone="quiet")
        return Cell(f"unclear, {format_ratios(low, high)}{how_sure(latency) if room == 'wide' else ''}", tone="quiet")
    if latency.verdict == "same":
        return Cell("same" if room == "tight" else f"{format_ms(latency.head_ms)}, same", tone="quiet")
    arrow, tone = _way(latency.verdict == "slower")
    fails = "latency_growth" in row.failed_limits
    value = "" if room == "tight" else f"{format_ms(latency.head_ms)}, "
    said = f"{arrow} {value}{format_ratio(latency.ratio)}"
    return Cell(said, tone="failed" if fails else tone)


def _work(row: Row, room: Room) -> Cell:
    """The instructions of a forward, on the core that the folded table's title names."""
    counts, fails = _instructions(row), bool(WORK_LIMITS & set(row.failed_limits))
    if counts is None:
        return Cell(NOTHING, tone="failed" if fails else "quiet")
    if not work_changed(row):
        return Cell("same", tone="quiet")
    before, after = counts
    arrow, tone = _way(after > before)
    value = f"{format_count(after)}, " if room == "wide" else ""
    return Cell(f"{arrow} {value}{format_fine_change(before, after)}", tone="failed" if fails else tone)


def _way(is_worse: bool) -> tuple[str, Tone]:
    return (UP, "worse") if is_worse else (DOWN, "better")


def _metric(row: Row, room: Room) -> Cell:
    metric, fails = row.metric, "metric_drop" in row.failed_limits
    if metric is None or metric.head is None:
        return Cell(NOTHING, tone="failed" if fails else "quiet")
    reference = metric.eager if metric.base is None else metric.base
    if reference is None or reference == metric.head:
        return Cell(format_metric(metric.head), tone="failed" if fails else "quiet")
    change = format_metric_delta(metric.head - reference, metric.head)
    fell = metric.head < reference
    arrow, tone = (DOWN if fell else UP), _way(fell)[1]
    value = "" if room == "tight" else f"{format_metric(metric.head)}, "
    return Cell(f"{arrow} {value}{change}", tone="failed" if fails else tone)


def agrees(row: Row) -> bool:
    """Return whether a row passes with nothing that a reviewer has to know of it."""
    return _check(row).fact == AGREES


def _check(row: Row) -> Cell:
    if row.failed_before:
        return Cell("failed before too", tone="quiet")
    if row.failed_limits:
        many = len(row.failed_limits)
        return Cell("1 limit" if many == 1 else f"{many} limits", tone="failed")
    if row.status == "failed":
        return Cell(failures(row)[0], tone="failed")
    if row.head is None:
        return Cell(NOTHING, tone="quiet")
    if elsewhere := row.right_elsewhere:
        return Cell(f"right on {clean(elsewhere.abi or 'a phone', LABEL_LENGTH)}", tone="worse")
    if row.smoke.status != "passed":
        return Cell("not run", tone="worse")
    if meaningless(row.parity) or meaningless(row.smoke.parity):
        return Cell("agreement says nothing", tone="worse")
    if versions := not_taken_by(row.runs_on):
        return Cell(f"not on ExecuTorch {listed(versions, 'and')}", tone="worse")
    return Cell(AGREES, tone="better")
