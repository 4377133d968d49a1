"""The pocketfit command line as a child process that sees none of the job's secrets, with its output live.

Model code runs under it, so what it prints is other people's text: it goes through one pipe into the log, where
`::commands::` are stopped, and the pipe is read to its end before they are allowed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from entrypoint.workflow_commands import stopped_commands
from pocketfit.errors import MANY_PROBLEMS
from pocketfit.process import stream

# GitHub ends a job after six hours; nothing of ours should outlive it.
TIMEOUT_S = 6 * 3600.0
# How pocketfit begins to say why it ends.
ERROR = "error: "
# Such variables let a step speak to the runner or to GitHub.
SECRET_PREFIXES = ("ACTIONS_", "INPUT_")
SECRET_NAMES = frozenset(
    {"GITHUB_TOKEN", "GH_TOKEN", "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"}
)


@dataclass(frozen=True)
class Ended:
    """The child's end. `last_line` is the last line that it printed, which is its reason if it failed.

    `errors` are its reasons, where it ended with several: a line each, as they came.
    """

    code: int
    last_line: str
    errors: tuple[str, ...] = ()


def without_secrets(environ: Mapping[str, str], token: str) -> dict[str, str]:
    """The environment without the token, wherever it stands, and without the runner's files and services."""
    return {
        key: value
        for key, value in environ.items()
        if key not in SECRET_NAMES and not key.startswith(SECRET_PREFIXES) and not (token and token in value)
    }


def run_fenced(
    args: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: TextIO,
    timeout_s: float = TIMEOUT_S,
) -> Ended:
    """Run a program to its end and copy what it prints to `log`, line by line."""
    last_line = ""
    errors: list[str] = []

    def show(line: str) -> None:
        nonlocal last_line, errors
        log.write(line)
        log.flush()
        if said := line.strip():
            last_line = said
            errors = [*errors[-MANY_PROBLEMS:], said] if said.startswith(ERROR) else []

    with stopped_commands(log):
        code = stream(args, on_line=show, timeout=timeout_s, cwd=cwd, env=env)
    return Ended(code, last_line, tuple(said.removeprefix(ERROR) for said in errors))
