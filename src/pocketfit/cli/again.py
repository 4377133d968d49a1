"""The command that shows a saved report in any form: report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pocketfit.cli import asked
from pocketfit.cli.ending import show
from pocketfit.cli.options import OUTPUT, HistoryPlace
from pocketfit.cli.screen import print_json, print_markup
from pocketfit.errors import ConfigError
from pocketfit.formats import listed
from pocketfit.report.forms import FORMS


def report(
    saved: Annotated[Path, typer.Argument(metavar="REPORT.json", help="A saved report, whoever made it.")],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORM",
            rich_help_panel=OUTPUT,
            autocompletion=lambda: list(FORMS),
            help=f"{listed(FORMS)}.",
        ),
    ] = "terminal",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", rich_help_panel=OUTPUT, help="Write it to this file instead."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="For sarif: the configuration, relative to the repository's root, whose lines findings stand on. "
            "Default: pocketfit.toml, or pyproject.toml, in this folder.",
        ),
    ] = None,
    history: HistoryPlace = None,
) -> None:
    """Show a saved report again, in any form. Needs no torch, and ends with exit code 0 whatever the verdict.

    Example: `pocketfit report pocketfit-out/report.json --format junit -o junit.xml`
    """
    from pocketfit.config.model_lines import locate_models
    from pocketfit.files import write_text_atomically
    from pocketfit.report.forms.again import render
    from pocketfit.report.past import with_history
    from pocketfit.store import read_report

    wanted = next((known for known in FORMS if known == form), None)
    if wanted is None:
        raise ConfigError(f"--format {form}: there are {listed(FORMS)}")
    if config is not None and wanted != "sarif":
        raise ConfigError(f"--config goes with --format sarif: {wanted} points at no line of it")
    if config is not None and not config.is_file():
        raise ConfigError(f"{config}: no such file")
    asked.check_file(output, "--output")
    known = with_history(read_report(saved), asked.history(history))
    if wanted == "terminal" and output is None:
        show(known)
        return
    lines = locate_models(Path.cwd(), str(config) if config else None)
    if config is not None and not lines.file:
        raise ConfigError(f"{config}: no table of a model in it, or it is outside of this folder")
    text = render(known, wanted, lines)
    if output is not None:
        write_text_atomically(output, text)
    elif wanted in ("json", "sarif"):
        print_json(text)
    else:
        print_markup(text)
