"""Decides what each cell of the table says: Markdown, terminal and HTML differ only in how it looks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pocketfit.judge.alone import NO_BASE
from pocketfit.judge.latency import confidence_of
from pocketfit.judge.limits import SIZE_LIMITS
from pocketfit.judge.parity import meaningless
from pocketfit.records import Environment, Latency, Report, Row, SideFacts, Smoke
from pocketfit.report.cell import Cell, Tone
from pocketfit.report.columns.memory import has_memory, memory_cell
from pocketfit.report.columns.work import has_work, work_cell, work_label
from pocketfit.report.reasons.kinds import kinds_of
from pocketfit.text import clean
from pocketfit.units import (
    format_bytes,
    format_bytes_delta,
    format_change,
    format_diff,
    format_metric,
    format_metric_delta,
    format_ms,
    format_ms_number,
    format_percent,
    format_ratio,
    format_sqnr,
)

NAME_LENGTH = 120
LABEL_LENGTH = 80
# 20 log10(2): an error twice as large.
VISIBLE_DB = 6.0


@dataclass(frozen=True)
class Line:
    """One row of the table as people read it."""

    name: str
    status: Cell
    file: Cell
    download: Cell
    latency: Cell
    work: Cell | None
    memory: Cell | None
    metric: Cell | None
    check: Cell
    reasons: tuple[str, ...]
    # What docs/troubleshooting.md has an entry of.
    kinds: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Cell, ...]:
        optional = tuple(cell for cell in (self.work, self.memory, self.metric) if cell is not None)
        return (self.file, self.download, self.latency, *optional, self.check)


def name(row: Row) -> str:
    return clean(str(row.variant), NAME_LENGTH)


def titles(report: Report) -> tuple[Cell, ...]:
    """A time means nothing without the device it was taken on, nor work without the core: they are in the titles."""
    device = device_label(report.environment)
    latency = Cell("Latency on", device) if device else Cell("Latency")
    work = Cell("Work on", label) if (label := work_label(report)) else Cell("Work")
    wanted = ((work, has_work(report)), (Cell("Memory"), has_memory(report)), (Cell("Metric"), has_metric(report)))
    optional = (title for title, is_wanted in wanted if is_wanted)
    return (Cell("Variant"), Cell("File"), Cell("Download"), latency, *optional, Cell("On-device check"))


def has_metric(report: Report) -> bool:
    """Return whether any row has a metric: else there is no column."""
    return any(row.metric for row in report.rows)


def device_label(environment: Environment) -> str:
    """ "jvm x86_64, 1 thread"; empty where there was no device."""
    if environment.device is None:
        return ""
    parts = [clean(" ".join(filter(None, (environment.device, environment.abi))), LABEL_LENGTH)]
    if environment.threads is not None:
        parts.append(count_threads(environment.threads))
    return ", ".join(parts)


def count_threads(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def has_alone(report: Report) -> bool:
    """Return whether head was timed without a base in any row."""
    return any(row.latency.verdict == "not-measured" and row.latency.head_ms is not None for row in report.rows)


def has_baseline(report: Report) -> bool:
    """Return whether anything was compared; a base without a commit (from saved files) counts too."""
    return report.base is not None or any(row.base for row in report.rows)


def lines(report: Report, rows: Iterable[Row]) -> list[Line]:
    """Put rows of a report into words; in one without a baseline nothing is "new"."""
    baseline, work, memory, metric = has_baseline(report), has_work(report), has_memory(report), has_metric(report)
    return [
        Line(
            name=name(row),
            status=_status(row, baseline),
            file=_size(row, "size_bytes", set(SIZE_LIMITS)),
            download=_size(row, "download_bytes", set()),
            latency=_latency(row),
            work=work_cell(row) if work else None,
            memory=memory_cell(row) if memory else None,
            metric=_metric(row) if metric else None,
            check=_check(row),
            reasons=tuple(clean(reason) for reason in row.reasons),
            kinds=kinds_of(row),
        )
        for row in rows
    ]


def failures(row: Row) -> tuple[str, ...]:
    """Name what failed in few words: the limits, else the place."""
    if row.failed_limits:
        return tuple(clean(limit, LABEL_LENGTH) for limit in row.failed_limits)
    if row.head is None:
        return ("in the build",)
    failed = [smoke for smoke in (row.smoke, *row.also) if smoke.status == "failed"]
    return tuple(f"on {clean(smoke.where, LABEL_LENGTH)}" for smoke in failed or [row.smoke])


def _status(row: Row, baseline: bool) -> Cell:
    match row.status:
        case "failed" if row.failed_before:
            return Cell("failed before too", ", ".join(failures(row)), tone="quiet")
        case "failed":
            first, *more = failures(row)
            return Cell(f"failed: {first}", ", ".join(more), tone="failed")
        case "new" if not baseline:
            return Cell("no baseline", tone="quiet")
        case "new" if row.base_reasons:
            return Cell("new", "base has no artifact", tone="quiet")
        case "compared" if row.minor_below is not None:
            return Cell("changed", f"by less than {format_percent(row.minor_below)}", tone="quiet")
        case "compared":
            return Cell("changed")
    return Cell(row.status, tone="quiet")


def _size(row: Row, key: Literal["size_bytes", "download_bytes"], limits: set[str]) -> Cell:
    before, after = _bytes(row.base, key), _bytes(row.head, key)
    if after is None:
        gone = "removed" if row.status == "removed" else "no file"
        return Cell(gone, "" if before is None else f"was {format_bytes(before)}", tone="quiet")
    over = bool(limits & set(row.failed_limits))
    if before is None:
        return Cell(format_bytes(after), _of_fp32(row, key), tone="failed" if over else "plain")
    if before == after:
        remark = "unchanged" if row.status == "identical" else "same size"
        return Cell(format_bytes(after), remark, tone="failed" if over else "quiet")
    tone: Tone = "failed" if over else "worse" if after > before else "better"
    return Cell(format_bytes(after), format_bytes_delta(after - before), format_change(before, after), tone)


def _of_fp32(row: Row, key: Literal["size_bytes", "download_bytes"]) -> str:
    """Say what a precision gains, where there is no change to show instead."""
    ratio = row.head.fp32_ratio if row.head and key == "size_bytes" else None
    return "" if ratio is None else f"{ratio:.1%} of fp32".replace("%", " %")


def _bytes(side: SideFacts | None, key: Literal["size_bytes", "download_bytes"]) -> int | None:
    return None if side is None else side.size_bytes if key == "size_bytes" else side.download_bytes


def how_sure(latency: Latency) -> str:
    """Say how sure an interval is where it had too few loads for what the report promises of all; "" where it had."""
    if latency.confidence is None or latency.confidence >= confidence_of(1):
        return ""
    return f" ({math.floor(100 * latency.confidence)} % sure)"


def _latency(row: Row) -> Cell:
    latency = row.latency
    if row.head is None:
        return Cell("not measured", tone="quiet")
    if latency.verdict == "not-measured" and latency.head_ms is not None:
        low, high = latency.head_low_ms, latency.head_high_ms
        interval = "" if low is None or high is None else f"{format_ms_number(low)} to {format_ms(high)}"
        return Cell(format_ms(latency.head_ms), interval, tone="quiet", place=_place(row))
    if latency.verdict == "not-measured" or latency.base_ms is None:
        # Its status says "new" already.
        reason = "" if latency.reason == NO_BASE else clean(latency.reason, LABEL_LENGTH)
        return Cell("not measured", reason, tone="quiet")
    low, high = latency.ci_low, latency.ci_high
    if latency.verdict == "unclear" or latency.ratio is None or latency.head_ms is None:
        base = f"base {format_ms(latency.base_ms)}"
        if low is None or high is None:
            return Cell(base, "unclear", tone="quiet", place=_place(row))
        bounds = f"{format_ratio(low)} and {format_ratio(high)}{how_sure(latency)}"
        return Cell(base, "unclear: between", bounds, tone="quiet", place=_place(row))
    times = f"{format_ms_number(latency.base_ms)} → {format_ms(latency.head_ms)}"
    ratio = f"{format_ratio(latency.ratio)}, "
    interval = "" if low is None or high is None else f"{low:.2f} to {high:.2f}"
    tones: dict[str, Tone] = {"slower": "worse", "faster": "better"}
    tone = "failed" if "latency_growth" in row.failed_limits else tones.get(latency.verdict, "quiet")
    return Cell(times, f"{ratio}{latency.verdict}", interval, tone, place=_place(row))


def _place(row: Row) -> str:
    """Name the place where times were taken, if that is not the report's device."""
    device = row.latency.device
    if device is None or device == " ".join(filter(None, (row.smoke.device, row.smoke.abi))):
        return ""
    threads = "" if row.latency.threads is None else f", {count_threads(row.latency.threads)}"
    return f"on {clean(device, LABEL_LENGTH)}{threads}"


def _metric(row: Row) -> Cell:
    """Head's value, and how it differs from base's (else from eager's, as the limit has it)."""
    metric = row.metric
    if metric is None or metric.head is None:
        return Cell("not measured" if metric else "", tone="failed" if "metric_drop" in row.failed_limits else "quiet")
    eager = "" if metric.eager is None or metric.eager == metric.head else f"eager {format_metric(metric.eager)}"
    reference = metric.eager if metric.base is None else metric.base
    if reference is None:
        return Cell(format_metric(metric.head))
    delta = metric.head - reference
    tone: Tone = "failed" if "metric_drop" in row.failed_limits else "worse" if delta < 0 else "better"
    change = format_metric_delta(delta, metric.head)
    return Cell(format_metric(metric.head), change, eager, tone if delta or tone == "failed" else "quiet")


def _check(row: Row) -> Cell:
    smoke = row.smoke
    if row.head is None:
        return Cell("not run", tone="quiet")
    match smoke.status:
        case "skipped":
            return Cell("not run", clean(smoke.reason, LABEL_LENGTH), tone="quiet")
        case "infra-error":
            return Cell("not run", "device problem", tone="quiet")
    if right := row.right_elsewhere:
        return Cell(f"right on {clean(right.abi or '', LABEL_LENGTH)}", *_agreement(right), aside=f"not on {smoke.abi}")
    if smoke.status == "passed" and (cause := meaningless(row.parity) or meaningless(smoke.parity)):
        return Cell("ran", "agreement means nothing", f"the output {clean(cause, LABEL_LENGTH)}", tone="worse")
    failed = smoke.status == "failed" or any(one.status == "failed" for one in row.also)
    aside = ", ".join(filter(None, (_host(row), *map(_elsewhere, row.also))))
    return Cell(smoke.status, *_agreement(smoke), "failed" if failed else "quiet", aside)


def _agreement(smoke: Smoke) -> tuple[str, str]:
    difference, sqnr_db = smoke.parity.max_abs_diff, smoke.parity.sqnr_db
    return (
        "" if difference is None else f"max diff {format_diff(difference)}",
        "" if sqnr_db is None else f"SQNR {format_sqnr(sqnr_db)}",
    )


def _elsewhere(smoke: Smoke) -> str:
    """What a further ABI makes of head: the number, else the word."""
    sqnr_db = smoke.parity.sqnr_db
    words = {"skipped": "not run", "infra-error": "not run"}
    said = words.get(smoke.status, smoke.status) if sqnr_db is None else format_sqnr(sqnr_db)
    return f"{clean(smoke.abi or 'elsewhere', LABEL_LENGTH)} {said}"


def _host(row: Row) -> str:
    """The host's SQNR, where the device's error is another one: at least twice or half as large."""
    on_host, on_device = row.parity.sqnr_db if row.parity else None, row.smoke.parity.sqnr_db
    if on_host is None or on_device is None or abs(on_host - on_device) < VISIBLE_DB:
        return ""
    return f"host {format_sqnr(on_host)}"
