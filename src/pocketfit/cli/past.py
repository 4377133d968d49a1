"""The command that prints what earlier commits were: history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pocketfit.cli.options import OUTPUT, SELECTION, Json, Models
from pocketfit.cli.screen import echo, print_json, say
from pocketfit.errors import ConfigError

DEFAULT = "pocketfit-history"


def history(
    place: Annotated[
        str,
        typer.Argument(metavar="DIR|BRANCH", help="Where the history is kept: a folder, or a branch."),
    ] = DEFAULT,
    add: Annotated[
        Path | None,
        typer.Option(
            "--add",
            metavar="REPORT.json",
            rich_help_panel=OUTPUT,
            help="Add the commit that this report is of to the folder, which is made where it is missing.",
        ),
    ] = None,
    last: Annotated[
        int,
        typer.Option("--last", min=1, max=500, metavar="N", rich_help_panel=SELECTION, help="The newest N commits."),
    ] = 60,
    model: Models = None,
    as_json: Json = False,
) -> None:
    """Print the trend of each variant over earlier commits, from a folder or branch that keeps their numbers.

    Example: `pocketfit history pocketfit-history --last 20`
    """  # fmt: skip
    from pocketfit.commands.history import add_report, history_json, select
    from pocketfit.data_branch.reading import read_history
    from pocketfit.report.terminal.trend import render_trends

    if add is not None:
        say(add_report(add, Path(place), Path.cwd()))
    known = select(read_history(place, Path.cwd(), last), tuple(model or ()), place)
    for problem in known.problems:
        say(problem)
    if not known.entries:
        raise ConfigError(f"{place}: there is no entry in it that could be shown")
    if as_json:
        print_json(history_json(known))
        return
    for line in render_trends(known):
        echo(line)
