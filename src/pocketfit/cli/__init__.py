"""The command line: parse, call one function, print. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from pocketfit import __version__
from pocketfit.cli.listing import COMMANDS, show_help
from pocketfit.cli.loudness import NoColor, Quiet, Verbose, ask, with_loudness
from pocketfit.cli.screen import Lines, say, show_whatever_fits
from pocketfit.errors import PocketfitError
from pocketfit.process import exit_on_sigterm
from pocketfit.sandbox.hidden import hide_process
from pocketfit.text import clean

LONGEST_ERROR = 4_000


def _in_peoples_words(params: list[Any]) -> list[Any]:
    """Have --help show no type of Python's: options with a value have a metavar, and the others need none."""
    for param in params:
        if isinstance(param, TyperArgument) or param.is_flag:
            param.display_type_rich = lambda ctx: ""
        param._get_number_range_help_str = lambda: None
    return params


class _Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _in_peoples_words(super().get_params(ctx))


class _Group(TyperGroup):
    """All commands by name; what stands behind one is imported when it is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Their names are enough until one is asked for.
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            module = import_module(f"pocketfit.cli.{COMMANDS[cmd_name][0]}")
            info = CommandInfo(cmd_name, cls=_Command, callback=with_loudness(getattr(module, cmd_name)))
            self.commands[cmd_name] = get_command_from_info(
                info, pretty_exceptions_short=False, rich_markup_mode="markdown"
            )
        return self.commands.get(cmd_name)

    def get_params(self, ctx: Any) -> list[Any]:
        return _in_peoples_words(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        show_help(self.help or "", self.get_params(ctx))


app = typer.Typer(
    cls=_Group, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"pocketfit {__version__}")
        raise typer.Exit


@app.callback()
def root(
    verbose: Verbose = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
    print_version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    """Pocketfit tells a pull request what it does to the phone.

    Builds PyTorch models for Android, proves on the real Android runtime that they load and compute the same,
    and shows what changed in size and latency.
    """
    logging.basicConfig(handlers=[Lines()], format="%(message)s", level=logging.WARNING)
    ask(verbose=verbose, quiet=quiet, no_color=no_color)


def main() -> None:
    # So that worktrees, containers and temporary folders go in every ending.
    exit_on_sigterm()
    # Model code may be another process of this user's, and the environment may hold their tokens.
    hide_process()
    show_whatever_fits()
    try:
        # Also where we were started as a module.
        app(prog_name="pocketfit")
    except PocketfitError as error:
        # What is wrong may be in words of a model's, a configuration's or a program's.
        for line in error.lines():
            say(f"error: {clean(line, LONGEST_ERROR)}")
        sys.exit(error.exit_code)
