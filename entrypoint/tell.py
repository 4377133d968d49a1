"""Telling what came of the job, in the order of how much depends on it: verdict and summary first, the comment last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO, TypeVar

from entrypoint.inputs import Inputs
from entrypoint.results import (
    LEAST_SUMMARY_BYTES,
    Results,
    summary,
    write_check_output,
    write_comment_outputs,
    write_outputs,
)
from entrypoint.workflow_commands import annotate, append_summary, summary_room_bytes
from pocketfit.errors import ConfigError
from pocketfit.github.api import GitHub, connect
from pocketfit.github.check_run import Checked, check
from pocketfit.github.comment import NotPosted, Posted
from pocketfit.github.context import Context
from pocketfit.github.foreign_report import fetch_report
from pocketfit.github.publish import publish
from pocketfit.records import UNVERIFIED
from pocketfit.text import clean

T = TypeVar("T")
Publish = Callable[[], Posted | NotPosted]
Check = Callable[[], Checked | NotPosted]


def tell(context: Context, results: Results, log: TextIO, comment: Publish, check: Check | None = None) -> None:
    """Write outputs and summary, then comment and `check`: whatever happens to these, the rest is there."""
    if context.output:
        write_outputs(context.output, results)
    if context.step_summary:
        _summarize(context.step_summary, results, context.workspace, log)
    published = _without_fail(comment)
    _say(published, log)
    if context.output:
        write_comment_outputs(context.output, published)
    checked = None if check is None else _without_fail(check, "write the check run")
    if checked is not None:
        _say(checked, log)
    if context.output:
        write_check_output(context.output, checked)


def relay(context: Context, inputs: Inputs, github: GitHub, log: TextIO) -> int:
    """Mode report: show the report that another run left. It fails no job, since that run has its own verdict."""
    if context.workflow_run is None:
        raise ConfigError(
            f"mode report belongs to the event workflow_run, not to {clean(context.event, 40)}: see docs/github.md for "
            "its two workflows"
        )
    run = context.workflow_run
    fetched = _without_fail(lambda: fetch_report(github, context.repository, run, inputs.comment_key))
    if isinstance(fetched, NotPosted):
        reason = fetched
        tell(context, Results.without_report(), log, lambda: reason)
        return 0
    report = replace(fetched, notes=(UNVERIFIED, *fetched.notes))
    results = replace(Results.without_report(), verdict=report.verdict, report=report)
    tell(
        context,
        results,
        log,
        lambda: publish(report, context, github, mode=inputs.comment, key=inputs.comment_key),
        (lambda: check(report, context, connect(context), key=inputs.comment_key)) if inputs.check_run else None,
    )
    return 0


def _summarize(path: Path, results: Results, workspace: Path, log: TextIO) -> None:
    room_bytes = summary_room_bytes(path)
    if room_bytes < LEAST_SUMMARY_BYTES:
        annotate(log, "warning", "this step's summary is full: there is no room left in it for the report")
    elif text := summary(results, workspace, room_bytes):
        append_summary(path, text)


def _without_fail(attempt: Callable[[], T], what: str = "comment") -> T | NotPosted:
    try:
        return attempt()
    except Exception as error:
        # Whatever it is, the verdict does not depend on it: even a bug of ours may not turn a job red.
        return NotPosted(
            f"could not {what}, by a bug of Pocketfit ({type(error).__name__}); please report it", "warning"
        )


def _say(published: Posted | Checked | NotPosted, log: TextIO) -> None:
    if isinstance(published, NotPosted) and published.level != "log":
        annotate(log, published.level, str(published))
    else:
        log.write(f"{clean(str(published))}\n")
