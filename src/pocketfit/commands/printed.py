"""Printing for export, smoke and doctor: one line a thing, and a sentence for what is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit import __version__
from pocketfit.judge.memory import TOLD_FOR
from pocketfit.out import Entry, Manifest, entry_of
from pocketfit.records import Built, Failed, Latency, Memory, Outcome, Smoke, Variant
from pocketfit.report.cells import count_threads
from pocketfit.report.runtimes import not_everywhere
from pocketfit.report.terminal.layout import wrap_hanging
from pocketfit.store import plain
from pocketfit.units import format_bytes, format_diff, format_ms, format_ms_number, format_sqnr

if TYPE_CHECKING:
    from pocketfit.commands.doctor import Finding
    from pocketfit.commands.single import FileTrial

# Beside the names.
FINDING_INDENT = 18


def print_exported(
    outcomes: Sequence[Outcome], files: Mapping[Variant, Path], *, to_stderr: bool = False, quiet: bool = False
) -> bool:
    """Say what became of each variant, with `quiet` only of those that failed; returns whether one did."""
    for outcome in outcomes:
        if isinstance(outcome, Failed) or not quiet:
            _print(_exported_lines(outcome, files), to_stderr=to_stderr)
    return any(isinstance(outcome, Failed) for outcome in outcomes)


def _exported_lines(outcome: Outcome, files: Mapping[Variant, Path]) -> Iterator[str]:
    if not isinstance(outcome, Built):
        word = "failed" if isinstance(outcome, Failed) else "skipped"
        yield f"{'✗' if word == 'failed' else '-'} {outcome.variant} {word}: {outcome.reason}"
        yield from (f"    {reason}" for reason in (outcome.reasons if isinstance(outcome, Failed) else ()))
        return
    sizes = f"{format_bytes(outcome.size_bytes)}, download {format_bytes(outcome.download_bytes)}"
    agreement = _agreement(outcome.export.parity.max_abs_diff, outcome.export.parity.sqnr_db)
    yield f"✓ {files[outcome.variant]}: {sizes}; {agreement} on this host"
    yield f"    recipe: {' → '.join(outcome.export.recipe)}"
    yield from (f"    {reason}" for reason in (*not_everywhere(outcome.runs_on, {}), *outcome.export.reasons))


def manifest_of_file(outcome: Built | Failed, file: Path) -> str:
    """The manifest of one exported file, as JSON; its golden tensors are described, and are no files."""
    entries: tuple[Entry, ...] = ()
    if isinstance(outcome, Built):
        entry = entry_of(outcome)
        inputs, outputs = (
            tuple(replace(tensor, file="") for tensor in tensors) for tensors in (entry.inputs, entry.outputs)
        )
        entries = (replace(entry, file=str(file), inputs=inputs, outputs=outputs, later=()),)
    manifest = Manifest(__version__, version("torch"), None, entries)
    return _json({"schema": manifest.schema} | plain(manifest))


def print_smoke(file: Path, trial: FileTrial, *, to_stderr: bool = False, quiet: bool = False) -> None:
    """Say how one file did on the device, with `quiet` only if it did not pass."""
    if trial.smoke.status != "passed" or not quiet:
        _print(_smoke_lines(file, trial), to_stderr=to_stderr)


def _smoke_lines(file: Path, trial: FileTrial) -> Iterator[str]:
    smoke, variant = trial.smoke, trial.variant
    where = ", ".join(part for part in (smoke.device, smoke.abi, smoke.runtime) if part)
    if smoke.status == "passed":
        times = f"load {_ms(smoke.load_ms)}, first run {_ms(smoke.first_ms)} on {where}"
        if smoke.emulated_cpu:
            times = f"on {where}, {smoke.emulated_cpu} emulated, so nothing is timed"
        agreement = (
            f"; {_agreement(smoke.parity.max_abs_diff, smoke.parity.sqnr_db, trial.reference)}"
            if smoke.parity.max_abs_diff is not None
            else ""
        )
        yield f"✓ {file} ({variant.format}) passed: {times}{agreement}"
    else:
        mark = "-" if smoke.status == "skipped" else "✗"
        yield f"{mark} {file} ({variant.format}) {smoke.status}: {smoke.reason}" + (f" [{where}]" if where else "")
    if trial.latency.head_ms is not None:
        yield f"    latency: {_alone(trial.latency, smoke)}"
    if memory := ", ".join(_memory(trial.memory)):
        yield f"    memory: {memory}"
    yield from (f"    {reason}" for reason in trial.reasons)


def _memory(memory: Memory) -> Iterator[str]:
    if memory.planned_bytes is not None:
        yield f"{format_bytes(memory.planned_bytes)} planned"
    if memory.peak_rss_bytes is not None:
        yield f"peak of the process {format_bytes(memory.peak_rss_bytes)}"
    if memory.retained_bytes is not None:
        yield f"{format_bytes(max(memory.retained_bytes, 0))} kept after {TOLD_FOR} loads and releases"


def _alone(latency: Latency, smoke: Smoke) -> str:
    """The time of a call and its interval: "4.20 ms (3.90 to 4.60), 1 thread"; the place where it is not the device."""
    low, high = (None if ms is None else format_ms_number(ms) for ms in (latency.head_low_ms, latency.head_high_ms))
    interval = f" ({low} to {high})" if low and high else ""
    threads = "" if latency.threads is None else f", {count_threads(latency.threads)}"
    place = f" on {latency.device}" if smoke.status == "skipped" else ""
    return f"{_ms(latency.head_ms)}{interval}{place}{threads}, the median of {latency.loads} fresh loads"


def smoke_json(tried: Sequence[tuple[Path, FileTrial]]) -> str:
    """How each file did on the device, as JSON."""
    return _json([{"file": str(file)} | plain(trial) for file, trial in tried])


def print_finding(finding: Finding, *, to_stderr: bool = False, quiet: bool = False) -> None:
    """Say one thing that doctor found, with `quiet` only if it needs something."""
    if finding.problem or not quiet:
        mark = "✓" if not finding.problem else "✗" if finding.needed else "-"
        line = f"{mark} {finding.what:<16}{finding.found if not finding.problem else finding.problem}"
        _print([line], to_stderr=to_stderr, indent=FINDING_INDENT)


def findings_json(findings: Sequence[Finding]) -> str:
    return _json(plain(list(findings)))


def _print(lines: Iterable[str], *, to_stderr: bool, indent: int = 6) -> None:
    """In a terminal lines are broken between words; elsewhere they are not, so that a grep finds them."""
    from rich.console import Console

    # Paths and reasons are data: no markup in them, and no colours for numbers.
    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True, stderr=to_stderr)
    # Not what rich takes for one, where FORCE_COLOR asks for colours in a pipe.
    stream = sys.stderr if to_stderr else sys.stdout
    for line in lines:
        text = line
        if stream.isatty():
            start = " " * (len(line) - len(line.lstrip(" ")))
            width = console.width - len(start)
            text = "\n".join(start + part for part in wrap_hanging(line.lstrip(" "), width, indent - len(start)))
        console.print(text)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _ms(milliseconds: float | None) -> str:
    return "not measured" if milliseconds is None else format_ms(milliseconds)


def _agreement(max_abs_diff: float | None, sqnr_db: float | None, reference: str = "eager") -> str:
    parts = []
    if max_abs_diff is not None:
        parts.append(f"largest difference {format_diff(max_abs_diff)}")
    if sqnr_db is not None:
        parts.append(f"SQNR {format_sqnr(sqnr_db)}")
    return f"{', '.join(parts)} against {reference}" if parts else "not compared"
