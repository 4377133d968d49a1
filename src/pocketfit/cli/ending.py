"""Ends a command: shows what comes last, and leaves with the exit code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import typer

from pocketfit.errors import VERDICT_FAILED, EnvironmentProblem

if TYPE_CHECKING:
    from pocketfit.records import Report

LOG_COLUMNS = 120


def show(report: Report) -> None:
    from rich.console import Console

    from pocketfit.report.terminal import render_terminal

    # rich takes a pipe, such as a job's log, to be 80 columns wide.
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=LOG_COLUMNS)
    console.print(render_terminal(report))


def leave_with_verdict(report: Report) -> NoReturn:
    leave({"pass": 0, "fail": VERDICT_FAILED, "error": EnvironmentProblem.exit_code}[report.verdict])


def leave(code: int) -> NoReturn:
    raise typer.Exit(code)
