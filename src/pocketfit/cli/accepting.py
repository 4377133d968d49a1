"""The command that accepts a growth: accept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pocketfit.cli.options import DEFAULT_OUT, OUTPUT, SELECTION, ConfigFile, Models, Variants
from pocketfit.cli.screen import echo, print_markup, say
from pocketfit.errors import ConfigError
from pocketfit.out import REPORT_FILE


def accept(
    saved: Annotated[
        Path, typer.Argument(metavar="REPORT.json", help="The report whose growth is accepted.", show_default=True)
    ] = DEFAULT_OUT / REPORT_FILE,
    model: Models = None,
    variant: Variants = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="DATE",
            rich_help_panel=SELECTION,
            help="Accept it up to and with this day, YYYY-MM-DD; then the limits return. Default: for good.",
        ),
    ] = None,
    config: ConfigFile = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", rich_help_panel=OUTPUT, help="Show what would change, and write nothing.")
    ] = False,
) -> None:
    """Accept what a report calls too much: write limits that take it into the configuration, for good or until a day.

    Each limit that fails becomes the smallest round value that takes what was measured. The file keeps its comments,
    and the difference is shown. What a limit can't accept (a failed build, a wrong answer) is said and stays.

    Example: `pocketfit accept pocketfit-out/report.json --until 2030-12-31`
    """
    from pocketfit.commands.accept import Asked
    from pocketfit.commands.accept import accept as accepted
    from pocketfit.variants import parse_variants

    today = datetime.now(UTC).date()
    asked = Asked(tuple(model or ()), parse_variants(variant, "--variant") if variant else (), _last_day(until, today))
    change = accepted(Path.cwd(), saved, config, asked, today)
    for sentence in change.left:
        say(f"not accepted: {sentence}")
    if change.after == change.before:
        echo(f"{saved}: nothing fails, so there is nothing to accept")
        return
    print_markup(change.diff + "\n")
    if not dry_run:
        change.write()
    for sentence in change.said:
        echo(sentence)
    echo(f"{change.shown}: {'nothing was written (--dry-run)' if dry_run else 'written'}")


def _last_day(until: str | None, today: date) -> date | None:
    if until is None:
        return None
    try:
        day = date.fromisoformat(until)
    except ValueError as error:
        raise ConfigError(f"--until {until}: write a day as YYYY-MM-DD, such as {today.year + 1}-01-31") from error
    if day < today:
        raise ConfigError(f"--until {until}: that day has passed")
    return day
