"""The command line: parse, call one function, print. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from pocketfit import __version__
from pocketfit.cli.build import export, run, smoke
from pocketfit.cli.reports import compare, merge, plan, publish
from pocketfit.cli.setup import check, doctor, init
from pocketfit.errors import PocketfitError
from pocketfit.process import exit_on_sigterm
from pocketfit.sandbox.hidden import hide_process
from pocketfit.text import clean

LONGEST_ERROR = 4_000

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
# In the order in which --help lists them.
for _command in (run, export, smoke, compare, plan, merge, publish, init, check, doctor):
    app.command()(_command)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"pocketfit {__version__}")
        raise typer.Exit


@app.callback()
def root(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the commands that are run.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Pocketfit tells a pull request what it does to the phone.

    Builds PyTorch models for Android, proves on the real Android runtime that they load and compute the same,
    and shows what changed in size and latency.
    """
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.WARNING)
    logging.getLogger("pocketfit").setLevel(logging.DEBUG if verbose else logging.INFO)


def main() -> None:
    # So that worktrees, containers and temporary folders go in every ending.
    exit_on_sigterm()
    # Model code may be another process of this user's, and the environment may hold their tokens.
    hide_process()
    try:
        # Also where we were started as a module.
        app(prog_name="pocketfit")
    except PocketfitError as error:
        # What is wrong may be in words of a model's, a configuration's or a program's.
        for line in error.lines():
            typer.echo(f"error: {clean(line, LONGEST_ERROR)}", err=True)
        sys.exit(error.exit_code)
