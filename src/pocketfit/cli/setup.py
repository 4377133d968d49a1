"""The commands for a start: init, check and doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pocketfit.cli import asked
from pocketfit.cli.ending import leave
from pocketfit.cli.options import ConfigFile, EmulatorImage, Serial
from pocketfit.errors import EnvironmentProblem


def init(
    force: Annotated[bool, typer.Option("--force", help="Overwrite the files that are there.")] = False,
) -> None:
    """Write pocketfit.toml and a workflow for pull requests, after a look at this repository; none of its code is run.

    Example: `pocketfit init`
    """
    from pocketfit.builds.git import root_of
    from pocketfit.commands.init import init as write_files

    written = write_files(root_of(Path.cwd()), force=force)
    for file in written.files:
        typer.echo(f"wrote {file}")
    for model in written.models:
        typer.echo(f"  {model.name}: {model.source}")
    for note in written.notes:
        typer.echo(f"note: {note}")
    typer.echo("next: check the inputs in pocketfit.toml, then `pocketfit run --base none`, then commit both files")


def check(config: ConfigFile = None) -> None:
    """Say all that is wrong with the configuration, in a second: keys, values, and whether what it names is there.

    Nothing is built or run. Exit code 2 where something is wrong; also a hook for pre-commit.

    Example: `pocketfit check`
    """
    from pocketfit.commands.check import check as check_config

    typer.echo(check_config(Path.cwd(), config))


def doctor(serial: Serial = None, emulator_image: EmulatorImage = None) -> None:
    """Say what works here and what does not, with the next step for each.

    Devices and formats are asked by the code that a run asks.

    Example: `pocketfit doctor`
    """
    from pocketfit.commands.doctor import examine
    from pocketfit.commands.printed import print_findings

    findings = examine(asked.device_options(serial, emulator_image))
    leave(EnvironmentProblem.exit_code if print_findings(findings) else 0)
