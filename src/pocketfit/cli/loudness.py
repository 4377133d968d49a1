"""How much a command says: -v, -q and --no-color, which every command takes, before its name and after it."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from pocketfit.errors import ConfigError

PANEL = "Output"
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", rich_help_panel=PANEL,
        help="Show every row and note, and the commands that are run.",
    ),
]  # fmt: skip
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", rich_help_panel=PANEL, help="Show the verdict and what failed only."),
]
NoColor = Annotated[bool, typer.Option("--no-color", rich_help_panel=PANEL, help="No colours, as with NO_COLOR=1.")]
OPTIONS = {"verbose": Verbose, "quiet": Quiet, "no_color": NoColor}


@dataclass(frozen=True)
class Loudness:
    verbose: bool = False
    quiet: bool = False


_loudness: ContextVar[Loudness | None] = ContextVar("loudness", default=None)


def loudness() -> Loudness:
    """What the command line asked for, so far."""
    return _loudness.get() or Loudness()


def ask(*, verbose: bool, quiet: bool, no_color: bool) -> None:
    """Add what one place of the command line asks for; raises ConfigError where it contradicts itself."""
    before = loudness()
    asked = Loudness(before.verbose or verbose, before.quiet or quiet)
    if asked.verbose and asked.quiet:
        raise ConfigError("--quiet and --verbose contradict each other: leave one out")
    _loudness.set(asked)
    if no_color:
        os.environ["NO_COLOR"] = "1"
    level = logging.DEBUG if asked.verbose else logging.WARNING if asked.quiet else logging.INFO
    logging.getLogger("pocketfit").setLevel(level)


def with_loudness(command: Callable[..., None]) -> Callable[..., None]:
    """The command with these options beside its own."""
    signature, hints = inspect.signature(command), get_type_hints(command, include_extras=True)

    @wraps(command)
    def loud(*, verbose: bool, quiet: bool, no_color: bool, **options: Any) -> None:
        ask(verbose=verbose, quiet=quiet, no_color=no_color)
        command(**options)

    own = [each.replace(annotation=hints[each.name]) for each in signature.parameters.values()]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=hint)
        for name, hint in OPTIONS.items()
    ]
    loud.__annotations__ = hints | OPTIONS
    loud.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    return loud
