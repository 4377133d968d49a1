"""Ends a command: shows what comes last, and leaves with the exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from pocketfit.cli.loudness import loudness
from pocketfit.cli.screen import print_json, say
from pocketfit.errors import VERDICT_FAILED, ConfigError, EnvironmentProblem

if TYPE_CHECKING:
    from pocketfit.records import Report

LOG_COLUMNS = 120


def reported_before(out: Path | None) -> Report | None:
    """The report that an earlier run left in the same folder; None where there is none that can be read."""
    from pocketfit.out import Out
    from pocketfit.store import read_report

    try:
        return read_report(Out(out).report_json) if out else None
    except ConfigError:
        return None


def show(report: Report, before: Report | None = None, *, as_json: bool = False) -> None:
    """Print a report: as JSON, else as a table, in which what the one before said already is not said again."""
    from pocketfit.store import report_json

    if as_json:
        print_json(report_json(report))
        return
    from rich.console import Console

    from pocketfit.report.terminal.whole import View, render_terminal

    # rich takes a pipe, such as a job's log, to be 80 columns wide.
    console = Console()
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        console = Console(width=LOG_COLUMNS)
    asked = loudness()
    if asked.verbose:
        view = View(every_row=True)
    else:
        view = View(quiet=asked.quiet, legend=before is None, known_notes=frozenset(before.notes if before else ()))
    console.print(render_terminal(report, view))


def write_junit(file: Path | None, report: Report) -> None:
    """Write a report as JUnit XML, where a file is named for it; raises ConfigError where it can't be written."""
    from pocketfit.files import write_text_atomically
    from pocketfit.report.forms.junit import render_junit

    if file is not None:
        write_text_atomically(file, render_junit(report))


def leave_with_report(report: Report, before: Report | None, out: Path, *, as_json: bool) -> NoReturn:
    """Show a report, say where it lies, and leave with the verdict's exit code."""
    show(report, before, as_json=as_json)
    if not loudness().quiet:
        say(f"\nreports: {out}/report.html, report.md, report.json")
    leave_with_verdict(report)


def leave_with_verdict(report: Report) -> NoReturn:
    leave({"pass": 0, "fail": VERDICT_FAILED, "error": EnvironmentProblem.exit_code}[report.verdict])


def leave(code: int) -> NoReturn:
    raise typer.Exit(code)
