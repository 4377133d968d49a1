"""The action: GitHub's environment in, one pocketfit command, and its report out as summary, outputs and comment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from entrypoint.annotations import annotate_failures, annotate_reasons
from entrypoint.checkout import credentials_hidden
from entrypoint.fenced import Ended, run_fenced, without_secrets
from entrypoint.find_base import find_base
from entrypoint.inputs import Inputs, Task, check_image, read_inputs, task_of
from entrypoint.past import history_at_hand, is_kept, keep
from entrypoint.results import Results, collect, give_back, report_identity
from entrypoint.sharding import merge_words, plan_words, read_matrix
from entrypoint.tell import relay, tell
from entrypoint.workflow_commands import annotate, group
from pocketfit.builds.git import NO_BASE
from pocketfit.config.model_lines import NO_LINES, ConfigLines, locate_models
from pocketfit.errors import VERDICT_FAILED, ConfigError, EnvironmentProblem, PocketfitError
from pocketfit.github.api import GitHub, connect
from pocketfit.github.check_run import Checked, check
from pocketfit.github.comment import NotPosted, Posted
from pocketfit.github.context import Context, read_context
from pocketfit.github.publish import publish
from pocketfit.records import Report
from pocketfit.staging import check_place

# Isolated like ourselves: the folder that it starts in is other people's code.
POCKETFIT = (sys.executable, "-I", "-u", "-m", "pocketfit")


@dataclass(frozen=True)
class _Job:
    context: Context
    inputs: Inputs
    task: Task
    github: GitHub
    log: TextIO
    program: tuple[str, ...]


def run_action(environ: Mapping[str, str], log: TextIO, program: tuple[str, ...] = POCKETFIT) -> int:
    """Do what the job asks for. The exit code is the run's; a comment that fails is a warning."""
    try:
        context = read_context(environ)
        inputs = read_inputs(environ)
        task = task_of(inputs.mode, context.event)
        check_image(task, environ)
        if task == "report":
            return relay(context, inputs, connect(context), log)
        # The pull request may hold links there; we write as root.
        check_place(context.workspace / inputs.out, f"out: {inputs.out!r}")
        # What lies there may be an earlier run's, or the pull request's own.
        earlier = report_identity(context.workspace, inputs.out)
        job = _Job(context, inputs, task, connect(context), log, program)
        with history_at_hand(context, inputs, task, log) as (past, words):
            try:
                with credentials_hidden(context.workspace, log, from_others=os.geteuid() == 0):
                    ended = _run(job, without_secrets(environ, context.token), words)
            finally:
                give_back(context.workspace, inputs.out)
        report = _conclude(job, ended, earlier)
        if past and report and is_kept(context, inputs, task):
            keep(past, context, report, log)
    except PocketfitError as error:
        annotate(log, "error", str(error))
        return error.exit_code
    return ended.code


def _run(job: _Job, env: dict[str, str], more: Sequence[str]) -> Ended:
    inputs, workspace = job.inputs, job.context.workspace
    # The log is no terminal, and wider than what a program assumes then.
    env.setdefault("COLUMNS", "160")
    if inputs.emulator_image:
        env["POCKETFIT_EMULATOR_IMAGE"] = inputs.emulator_image
    if not inputs.cache:
        # Where no folder outlives the job, its hashes would be work for nobody.
        env["POCKETFIT_NO_CACHE"] = "1"
    words = [*_words(job.task, inputs, workspace), *more]
    if job.task in ("check", "plan"):
        words += _base(job)
    with group(job.log, f"pocketfit {' '.join(words)}"):
        return run_fenced([*job.program, *words], env=env, cwd=workspace, log=job.log)


def _words(task: Task, inputs: Inputs, workspace: Path) -> list[str]:
    """The command line, but for the base."""
    if task == "merge":
        return merge_words(inputs, workspace)
    words = plan_words(inputs) if task == "plan" else ["run" if task == "check" else "export", "--out", inputs.out]
    if inputs.model:
        words += inputs.model.words()
    if inputs.config:
        words += ["--config", inputs.config]
    if inputs.device and task == "check":
        words += ["--device", inputs.device]
    if inputs.requirements and task in ("check", "export"):
        words += ["--requirements", inputs.requirements]
    if task == "check":
        words += ["--cache", inputs.cache] if inputs.cache else []
        words += [word for variant in inputs.variants for word in ("--variant", variant)]
    return words


def _base(job: _Job) -> list[str]:
    """The base is found and fetched here, since the run has no token."""
    base = find_base(job.context, job.github, job.inputs.base)
    for warning in base.warnings:
        annotate(job.log, "warning", warning)
    job.log.write(f"base is {base.sha}: {base.why}\n")
    return ["--base", base.sha, *(["--exact"] if base.sha != NO_BASE else [])]


def _conclude(job: _Job, ended: Ended, earlier: object) -> Report | None:
    """Tell what came of the run; returns its report."""
    context, inputs = job.context, job.inputs
    results = collect(context.workspace, inputs.out, ended.code, earlier)
    if job.task == "plan" and ended.code == 0:
        results = replace(results, matrix=read_matrix(context.workspace / inputs.out))
    _explain(job, ended, results)

    def comment() -> Posted | NotPosted:
        if job.task not in ("check", "merge") or results.report is None:
            return NotPosted("there is no report")
        # A client of its own: what the search for the base waited is not taken from the comment.
        github = connect(context)
        lines = _config_lines(job)
        return publish(results.report, context, github, mode=inputs.comment, key=inputs.comment_key, config=lines)

    tell(context, results, job.log, comment, _check_of(job, results.report))
    return results.report


def _check_of(job: _Job, report: Report | None) -> Callable[[], Checked | NotPosted] | None:
    """What writes the check run, where one is wanted and there is a report for it."""
    context, inputs = job.context, job.inputs
    if not inputs.check_run or report is None or job.task not in ("check", "merge"):
        return None
    return lambda: check(report, context, connect(context), key=inputs.comment_key, config=_config_lines(job))


def _config_lines(job: _Job) -> ConfigLines:
    return NO_LINES if job.inputs.model else locate_models(job.context.workspace, job.inputs.config)


def _explain(job: _Job, ended: Ended, results: Results) -> None:
    """Say above the log why the step fails."""
    log, workspace, inputs = job.log, job.context.workspace, job.inputs
    reason = ended.last_line.removeprefix("error: ")
    if ended.code == 0:
        return
    if results.report is not None:
        annotate_failures(log, results.report, _config_lines(job))
    elif ended.code in (ConfigError.exit_code, EnvironmentProblem.exit_code, VERDICT_FAILED):
        annotate_reasons(log, ended.errors or (reason,), workspace, inputs.config)
    else:
        annotate(log, "error", f"pocketfit ended unexpectedly, with exit code {ended.code}: {reason}")
