"""The action: GitHub's environment in, one pocketfit command, and its report out as summary, outputs and comment."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from entrypoint.base import find_base
from entrypoint.child import Ended, run_fenced, without_secrets
from entrypoint.inputs import Inputs, Task, config_toml, read_inputs, task_of
from entrypoint.locate import ConfigLines, locate_models
from entrypoint.results import Results, annotate_failures, collect, give_back, report_identity
from entrypoint.tell import relay, tell
from pocketfit.answers import GitHubError
from pocketfit.comment import NotPosted, Posted
from pocketfit.context import Context, read_context
from pocketfit.errors import VERDICT_FAILED, ConfigError, EnvironmentProblem, PocketfitError
from pocketfit.github import GitHub
from pocketfit.publish import publish
from pocketfit.workflow_commands import annotate, group

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
        if task == "report":
            return relay(context, inputs, GitHub(context.api_url, context.token), log)
        _check_out(context.workspace, inputs.out)
        # What lies there may be an earlier run's, or the pull request's own.
        earlier = report_identity(context.workspace, inputs.out)
        job = _Job(context, inputs, task, GitHub(context.api_url, context.token), log, program)
        try:
            ended = _run(job, without_secrets(environ, context.token))
        finally:
            give_back(context.workspace, inputs.out)
    except PocketfitError as error:
        annotate(log, "error", str(error))
        return error.exit_code
    _conclude(job, ended, earlier)
    return ended.code


def _check_out(workspace: Path, out: str) -> None:
    """The pull request may hold a link of this name; we write as root."""
    if not (workspace / out).resolve().is_relative_to(workspace.resolve()):
        raise ConfigError(f"out: {out!r} is a link that leads out of the workspace")


def _run(job: _Job, env: dict[str, str]) -> Ended:
    inputs, workspace = job.inputs, job.context.workspace
    # The log is no terminal, and wider than what a program assumes then.
    env.setdefault("COLUMNS", "160")
    if inputs.emulator_image:
        env["POCKETFIT_EMULATOR_IMAGE"] = inputs.emulator_image
    if inputs.requirements:
        with group(job.log, f"Installing {inputs.requirements}"):
            _install(inputs.requirements, workspace, env, job.log)
    with tempfile.TemporaryDirectory(prefix="pocketfit-action-") as temporary:
        words = _words(job.task, inputs, Path(temporary))
        if job.task == "check" and (base := inputs.base or _base(job)):
            words += ["--base", base]
        with group(job.log, f"pocketfit {' '.join(words)}"):
            return run_fenced([*job.program, *words], env=env, cwd=workspace, log=job.log)


def _words(task: Task, inputs: Inputs, temporary: Path) -> list[str]:
    """The command line, but for the base."""
    words = ["run" if task == "check" else "export", "--out", inputs.out]
    config = inputs.config
    if inputs.model:
        # Outside the workspace, where nothing of ours belongs.
        file = temporary / "pocketfit.toml"
        file.write_text(config_toml(inputs.model), encoding="utf-8")
        config = str(file)
    if config:
        words += ["--config", config]
    if inputs.device and task == "check":
        words += ["--device", inputs.device]
    return words


def _base(job: _Job) -> str | None:
    try:
        return find_base(job.context, job.github)
    except GitHubError as error:
        annotate(job.log, "warning", f"comparing with the default branch, since the merge base is not known: {error}")
        return None


def _install(requirements: str, workspace: Path, env: Mapping[str, str], log: TextIO) -> None:
    if not (workspace / requirements).is_file():
        raise ConfigError(f"requirements: there is no file {requirements} in the workspace")
    command = [sys.executable, "-I", "-u", "-m", "pip", "install", "--requirement", requirements]
    ended = run_fenced(command, env=env, cwd=workspace, log=log)
    if ended.code:
        raise EnvironmentProblem(f"requirements: pip could not install {requirements}: {ended.last_line}")


def _conclude(job: _Job, ended: Ended, earlier: object) -> None:
    context, inputs = job.context, job.inputs
    results = collect(context.workspace, inputs.out, ended.code, earlier)
    _explain(job, ended, results)

    def comment() -> Posted | NotPosted:
        if job.task != "check" or results.report is None:
            return NotPosted("there is no report")
        # A client of its own: what the search for the base waited is not taken from the comment.
        github = GitHub(context.api_url, context.token)
        return publish(results.report, context, github, mode=inputs.comment, key=inputs.comment_key)

    tell(context, results, job.log, comment)


def _explain(job: _Job, ended: Ended, results: Results) -> None:
    """Say above the log why the step fails."""
    log, workspace, inputs = job.log, job.context.workspace, job.inputs
    reason = ended.last_line.removeprefix("error: ")
    if ended.code == 0:
        return
    if results.report is not None:
        lines = ConfigLines() if inputs.model else locate_models(workspace, inputs.config)
        annotate_failures(log, results.report, lines)
    elif ended.code in (ConfigError.exit_code, EnvironmentProblem.exit_code, VERDICT_FAILED):
        annotate(log, "error", reason)
    else:
        annotate(log, "error", f"pocketfit ended unexpectedly, with exit code {ended.code}: {reason}")
