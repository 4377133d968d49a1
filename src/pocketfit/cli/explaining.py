"""The command that explains reasons: explain."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketfit.cli.screen import echo
from pocketfit.errors import ConfigError


def _ids() -> list[str]:
    from pocketfit.report.reasons.entries import entries

    return list(entries())


def explain(
    reason: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="A kind of reason, such as size-limit.", autocompletion=_ids),
    ] = None,
) -> None:
    """Say what a kind of reason means and what to do, as docs/troubleshooting.md does; without ID, list them all.

    Example: `pocketfit explain operator-missing`
    """
    from pocketfit.report.reasons.entries import entries
    from pocketfit.report.reasons.page import explained, overview
    from pocketfit.text import clean, near_word

    if reason is None:
        lines = overview()
    elif reason in entries():
        lines = explained(entries()[reason])
    else:
        near = near_word(reason, entries())
        hint = f"did you mean {near}?" if near else "`pocketfit explain` lists those that there are"
        raise ConfigError(f"{clean(reason)} is no kind of reason: {hint}")
    for line in lines:
        echo(line)
