"""Sums a report up: the verdict in one line, what was compared on what, and which rows come first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pocketfit.judge.parity import meaningless
from pocketfit.records import Hardware, Report, Row
from pocketfit.report.cells import LABEL_LENGTH, device_label, has_alone, has_baseline, has_metric, name
from pocketfit.report.columns.memory import has_memory
from pocketfit.report.columns.work import counters, has_work
from pocketfit.report.glance import stakes
from pocketfit.report.phone import runtimes_line
from pocketfit.text import clean
from pocketfit.units import format_bytes_delta, format_change, format_ratio

SHORT_SHA = 9
NAMED = 3
_DOWNLOAD = "Download: size after DEFLATE, what an app's download grows by."
_LATENCY = "Latency: base → base times the ratio, over fresh loads; the intervals are 95 % sure for all rows together."
_ALONE = "Latency of head alone: the median over fresh loads, and its 95 % interval."
_CHECK = "On-device check: outputs of the Android runtime against eager PyTorch."

_MEMORY = (
    "Memory: what a .pte plans for its tensors, weights apart, and the peak of the process on the device, the runtime "
    "included; the column is there where one of them changed."
)
_WORK = {
    "emulator": (
        "Work: what a forward executes on one thread, counted by an emulator and exact; it is no time (docs/work.md). "
        "The column is there where it changed."
    ),
    "perf_event": (
        "Work: the instructions that a forward executes on one thread, counted by the machine's own core (perf_event, "
        "user mode); it is no time (docs/work.md). The column is there where it changed."
    ),
}
_METRIC = "Metric: the configuration's own, of the file on the host, and its change against base (else against eager)."

_REPORTED = (
    "What eager gives, and with it parity, metric, parameters and operators, is reported by the model's own process; "
    "all else was measured apart from it."
)


def legend(report: Report) -> tuple[str, ...]:
    """Explain the columns, and say what they leave out: the runtime. Nothing where there is no table."""
    if not report.rows:
        return ()
    runtimes = runtimes_line(report) if changed_rows(report) else ""
    latency = (*([_LATENCY] if has_baseline(report) else []), *([_ALONE] if has_alone(report) else []))
    return (
        _DOWNLOAD,
        *([runtimes] if runtimes else []),
        *latency,
        *(_WORK[counter] for counter in (counters(report) if has_work(report) else [])),
        *([_MEMORY] if has_memory(report) else []),
        *([_METRIC] if has_metric(report) else []),
        _CHECK,
        *_elsewhere(report),
        _REPORTED,
    )


def _elsewhere(report: Report) -> tuple[str, ...]:
    """Name the further ABIs that rows have numbers of, and the core that was emulated for them."""
    cores = dict.fromkeys(
        clean(f"{smoke.abi} ({smoke.emulated_cpu}, emulated)" if smoke.emulated_cpu else smoke.abi or "", LABEL_LENGTH)
        for row in report.rows
        for smoke in row.also
        if smoke.status in ("passed", "failed")
    )
    return (f"Beside it, the same on the libraries for {' and '.join(cores)}.",) if cores else ()


@dataclass(frozen=True)
class Headline:
    """`mood` picks the sign; `about` are variants, each with what is up with it; `more` counts those left out."""

    mood: Literal["good", "bad", "unknown"]
    text: str
    lead: str = ""
    about: tuple[tuple[str, str], ...] = ()
    more: int = 0


def headline(report: Report) -> Headline:
    """One line a reviewer can act on."""
    rows = [row for row in report.rows if row.status != "removed"]
    failed = [row for row in changed_rows(report) if row.fails]
    if failed:
        about = tuple((name(row), stakes(row)) for row in failed[:NAMED])
        verb = "fails" if len(failed) == 1 else "fail"
        text = f"{len(failed)} of {count_of_variants(len(rows))} {verb}{_came_and_went(report)}"
        return Headline("bad", text, "", about, len(failed) - len(about))
    checked = [row for row in rows if row.status not in ("skipped", "failed")]
    if report.verdict == "error":
        return Headline("unknown", f"the device could not check {count_of_variants(len(checked))}")
    if report.verdict == "fail":
        return Headline("bad", "the verdict is fail")
    if not checked:
        return Headline("unknown", f"nothing was checked{_skipped(rows)}{_came_and_went(report)}")
    return _passing(report, rows, checked)


def _passing(report: Report, rows: list[Row], checked: list[Row]) -> Headline:
    untried = sum(row.smoke.status != "passed" and row.right_elsewhere is None for row in checked)
    skipped, others = _skipped(rows), _came_and_went(report)
    if untried:
        count = "none" if untried == len(checked) else f"{untried} not"
        text = f"{count_of_variants(len(checked))} built{skipped}, {count} run on a device{others}"
        return Headline("unknown", text, *_largest(report))
    if all(row.status == "identical" for row in report.rows):
        return Headline("good", f"nothing changed on the phone, {count_of_variants(len(checked))} identical")
    if doubts := _doubts(checked):
        return Headline(
            "unknown",
            f"{count_of_variants(len(checked))} built and run{skipped}{others}, but {doubts}",
            *_largest(report),
        )
    passed = "1 variant passes" if len(checked) == 1 else f"{count_of_variants(len(checked))} pass"
    return Headline("good", f"{passed}{skipped}{others}", *_largest(report))


def _skipped(rows: list[Row]) -> str:
    skipped = sum(row.status == "skipped" for row in rows)
    return f", {skipped} skipped" if skipped else ""


def _came_and_went(report: Report) -> str:
    """What a reviewer must not overlook beside what passes and fails; without a baseline nothing is new."""
    new = [row for row in report.rows if row.status == "new" and not row.base_reasons] if has_baseline(report) else []
    counts = (
        (len(new), "new"),
        (sum(row.status == "removed" for row in report.rows), "removed"),
        (sum(row.failed_before for row in report.rows), "failed before too"),
    )
    return "".join(f", {count} {word}" for count, word in counts if count)


def _doubts(rows: list[Row]) -> str:
    """What keeps variants without a failure from passing: limits that nobody could look at, agreement that is none."""
    limits = dict.fromkeys(limit for row in rows for limit in row.unjudged_limits)
    silent = sum(meaningless(row.parity) is not None for row in rows)
    parts = (
        f"{', '.join(limits)} could not be judged" if limits else "",
        f"agreement means nothing for {count_of_variants(silent)}" if silent else "",
    )
    return ", and ".join(part for part in parts if part)


def _largest(report: Report) -> tuple[str, tuple[tuple[str, str], ...]]:
    rows = (row for row in changed_rows(report) if row.status == "compared" and row.minor_below is None)
    row = next(rows, None)
    if row is None or row.base is None or row.head is None:
        return "", ()
    before, after = row.base.size_bytes, row.head.size_bytes
    changes = [
        "same size" if before == after else f"{format_bytes_delta(after - before)}, {format_change(before, after)}"
    ]
    if row.latency.verdict in ("slower", "faster") and row.latency.ratio is not None:
        changes.append(f"{row.latency.verdict} {format_ratio(row.latency.ratio)}")
    return "largest change: ", ((name(row), ", ".join(changes)),)


def changed_rows(report: Report) -> list[Row]:
    """Order rows by how much they matter to a reviewer: failures, changes by size, what came and went, old failures,
    and last what changed by less than the configuration's minimum_change.
    """
    order = ("compared", "new", "removed", "failed", "skipped")
    rows = [row for row in report.rows if row.status != "identical"]
    return sorted(
        rows,
        key=lambda row: (
            not row.fails,
            row.minor_below is not None,
            order.index(row.status),
            -_magnitude(row),
            name(row),
        ),
    )


def minor_rows(report: Report) -> list[Row]:
    """Give the rows whose changes are all below the configuration's minimum_change."""
    return [row for row in report.rows if row.minor_below is not None]


def unchanged_rows(report: Report) -> list[Row]:
    return [row for row in report.rows if row.status == "identical"]


def _magnitude(row: Row) -> float:
    """The largest relative change, up or down alike: doubling and halving weigh the same."""
    ratios = [1.0]
    if row.base and row.head:
        pairs = ((row.base.size_bytes, row.head.size_bytes), (row.base.download_bytes, row.head.download_bytes))
        ratios += [after / before for before, after in pairs if before > 0 and after > 0]
    if row.latency.verdict in ("slower", "faster") and row.latency.ratio is not None and row.latency.ratio > 0:
        ratios.append(row.latency.ratio)
    return max(abs(math.log(ratio)) for ratio in ratios)


@dataclass(frozen=True)
class Sides:
    """Each side's name: a short SHA where `is_sha`, else words."""

    base: str | None
    head: str | None
    has_baseline: bool


def sides(report: Report) -> Sides:
    return Sides(_short(report.base), _short(report.head), has_baseline(report))


def _short(commit: str | None) -> str | None:
    return None if commit is None else clean(commit, LABEL_LENGTH)[:SHORT_SHA]


def surroundings(report: Report) -> tuple[str, ...]:
    """The device and what it is, the runtimes, torch and the sandbox, as far as they are known."""
    environment, hardware = report.environment, report.environment.hardware
    cores, page_size_bytes = hardware.cores, hardware.page_size_bytes
    return tuple(
        clean(part, 2 * LABEL_LENGTH)
        for part in (
            device_label(environment) or "no device",
            environment.runtime,
            environment.cpu,
            _android(hardware),
            None if cores is None else "1 core" if cores == 1 else f"{cores} cores",
            None if page_size_bytes is None else f"pages of {page_size_bytes // 1024} kB",
            f"exported with torch {environment.torch}" if environment.torch else None,
            f"sandbox: {environment.sandbox}" if environment.sandbox else None,
            f"pocketfit {report.pocketfit}",
        )
        if part
    )


def _android(hardware: Hardware) -> str | None:
    level = "" if hardware.api_level is None else f"API level {hardware.api_level}"
    if hardware.android is None:
        return level or None
    return f"Android {hardware.android}" + (f" ({level})" if level else "")


def notes(report: Report) -> tuple[str, ...]:
    return tuple(clean(note) for note in report.notes)


def count_of_variants(count: int) -> str:
    """Write "1 variant" or "3 variants"."""
    return "1 variant" if count == 1 else f"{count} variants"
