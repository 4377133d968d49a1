"""With arguments, the pocketfit command line; without, inside a GitHub job, the action."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

import typer

from entrypoint.action import POCKETFIT, run_action
from entrypoint.alone import stand_alone
from pocketfit.process import exit_on_sigterm

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
        "help_option_names": [],
    }
)
def main(context: typer.Context) -> None:
    if command := pocketfit_command(context.args, os.environ):
        os.execve(command[0], command, {**os.environ, **without_cache(context.args, os.environ)})
    # We are PID 1, which has no default handler for SIGTERM.
    exit_on_sigterm()
    stand_alone()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    raise typer.Exit(run_action(os.environ, sys.stdout))


def pocketfit_command(args: list[str], environ: Mapping[str, str]) -> list[str] | None:
    """The command to become; None where the action is wanted."""
    if not args and environ.get("GITHUB_ACTIONS") == "true":
        return None
    return [*POCKETFIT, *(args or ["--help"])]


def without_cache(args: list[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that switch the cache off: in a container that goes, its hashes would be work for nobody.

    Whoever names a folder, which may be mounted, or asks about the cache has one.
    """
    asked = any(word.partition("=")[0] in ("--cache", "--explain-cache") for word in args)
    return {} if asked or environ.get("POCKETFIT_CACHE") else {"POCKETFIT_NO_CACHE": "1"}


if __name__ == "__main__":
    app()
