"""Printing for export, smoke and doctor: one line a thing, and a sentence for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.records import Built, Failed, Latency, Outcome, Smoke, Variant
from pocketfit.report.cells import count_threads
from pocketfit.units import format_bytes, format_diff, format_ms, format_ms_number, format_sqnr

if TYPE_CHECKING:
    from rich.console import Console

    from pocketfit.commands.doctor import Finding
    from pocketfit.commands.single import FileTrial


def print_exported(outcomes: Sequence[Outcome], files: Mapping[Variant, Path]) -> bool:
    """Say what became of each variant; returns whether one failed."""
    console = _console()
    for outcome in outcomes:
        if isinstance(outcome, Built):
            sizes = f"{format_bytes(outcome.size_bytes)}, download {format_bytes(outcome.download_bytes)}"
            agreement = _agreement(outcome.export.parity.max_abs_diff, outcome.export.parity.sqnr_db)
            console.print(f"✓ {files[outcome.variant]}: {sizes}; {agreement} on this host")
            console.print(f"    recipe: {' → '.join(outcome.export.recipe)}")
            for reason in outcome.export.reasons:
                console.print(f"    {reason}")
        else:
            word = "failed" if isinstance(outcome, Failed) else "skipped"
            console.print(f"{'✗' if word == 'failed' else '-'} {outcome.variant} {word}: {outcome.reason}")
            for reason in outcome.reasons if isinstance(outcome, Failed) else ():
                console.print(f"    {reason}")
    return any(isinstance(outcome, Failed) for outcome in outcomes)


def print_smoke(file: Path, trial: FileTrial) -> str:
    """Say how one file did on the device; returns its status."""
    smoke, variant, reasons = trial.smoke, trial.variant, trial.reasons
    console = _console()
    where = ", ".join(part for part in (smoke.device, smoke.abi, smoke.runtime) if part)
    if smoke.status == "passed":
        times = f"load {_ms(smoke.load_ms)}, first run {_ms(smoke.first_ms)} on {where}"
        agreement = (
            f"; {_agreement(smoke.parity.max_abs_diff, smoke.parity.sqnr_db, trial.reference)}"
            if smoke.parity.max_abs_diff is not None
            else ""
        )
        console.print(f"✓ {file} ({variant.format}) passed: {times}{agreement}")
    else:
        mark = "-" if smoke.status == "skipped" else "✗"
        console.print(
            f"{mark} {file} ({variant.format}) {smoke.status}: {smoke.reason}" + (f" [{where}]" if where else "")
        )
    if trial.latency.head_ms is not None:
        console.print(f"    latency: {_alone(trial.latency, smoke)}")
    for reason in reasons:
        console.print(f"    {reason}")
    return smoke.status


def _alone(latency: Latency, smoke: Smoke) -> str:
    """The time of a call and its interval: "4.20 ms (3.90 to 4.60), 1 thread"; the place where it is not the device."""
    low, high = (None if ms is None else format_ms_number(ms) for ms in (latency.head_low_ms, latency.head_high_ms))
    interval = f" ({low} to {high})" if low and high else ""
    threads = "" if latency.threads is None else f", {count_threads(latency.threads)}"
    place = f" on {latency.device}" if smoke.status == "skipped" else ""
    return f"{_ms(latency.head_ms)}{interval}{place}{threads}, the median of {latency.loads} fresh loads"


def print_findings(findings: Sequence[Finding]) -> bool:
    """Say what doctor found; returns whether something needed does not work."""
    console = _console()
    for finding in findings:
        mark = "✓" if not finding.problem else "✗" if finding.needed else "-"
        console.print(f"{mark} {finding.what:<16}{finding.found if not finding.problem else finding.problem}")
    return any(finding.problem and finding.needed for finding in findings)


def _console() -> Console:
    from rich.console import Console

    # Paths and reasons are data: no markup in them, no colours for numbers, and no breaks that a grep would miss.
    return Console(markup=False, highlight=False, soft_wrap=True)


def _ms(milliseconds: float | None) -> str:
    return "not measured" if milliseconds is None else format_ms(milliseconds)


def _agreement(max_abs_diff: float | None, sqnr_db: float | None, reference: str = "eager") -> str:
    parts = []
    if max_abs_diff is not None:
        parts.append(f"largest difference {format_diff(max_abs_diff)}")
    if sqnr_db is not None:
        parts.append(f"SQNR {format_sqnr(sqnr_db)}")
    return f"{', '.join(parts)} against {reference}" if parts else "not compared"
