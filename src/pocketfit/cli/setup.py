"""The commands for a start: init, check, setup, doctor and version."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pocketfit.cli import asked
from pocketfit.cli.ending import leave
from pocketfit.cli.loudness import loudness
from pocketfit.cli.options import ConfigFile, EmulatorImage, Json, Serial, Timeout
from pocketfit.cli.screen import echo, print_json, say
from pocketfit.cli.watching import looking_at, watching
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.formats import listed

if TYPE_CHECKING:
    from pocketfit.commands.doctor import Finding


def init(
    force: Annotated[bool, typer.Option("--force", help="Overwrite the files that are there.")] = False,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Write the files only: build nothing, run none of your code.")
    ] = False,
    timeout: Timeout = 900,
) -> None:
    """Write pocketfit.toml and a workflow for pull requests after reading this repository's code, and build its models
    once to see that they work.

    Exit code 4 where one of them does not build, 3 where nothing can be built here; the files are written all the same.

    Example: `pocketfit init`
    """
    from pocketfit.builds.git import root_of
    from pocketfit.commands.init import init as write_files
    from pocketfit.commands.init.checking import check as build_once
    from pocketfit.commands.init.told import beginning, ending

    root = root_of(Path.cwd())
    written, checked = write_files(root, force=force), None
    for line in beginning(written):
        echo(line)
    if written.files and not written.kept and not no_check:
        sandbox = asked.sandbox(timeout)
        with watching():
            written, checked = build_once(root, written, sandbox)
    for line in ending(written, checked):
        echo(line)
    leave(checked.exit_code(written) if checked else 0)


def check(config: ConfigFile = None, as_json: Json = False) -> None:
    """Say all that is wrong with the configuration, in a second: keys, values, and whether what it names is there.

    Nothing is built or run. Exit code 2 where something is wrong; also a hook for pre-commit.

    Example: `pocketfit check`
    """
    from pocketfit.commands.check import check as check_config

    try:
        found = check_config(Path.cwd(), config)
    except ConfigError as problem:
        if as_json:
            print_json(json.dumps({"problems": problem.lines()}, indent=2, ensure_ascii=False) + "\n")
        raise
    if as_json:
        print_json('{"problems": []}\n')
    elif not loudness().quiet:
        echo(found)


def setup(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    archives: Annotated[
        Path | None,
        typer.Option(
            "--archives",
            metavar="FOLDER",
            help="Take archives from here that lie here, by their names, and fetch the rest.",
        ),
    ] = None,
    abi: Annotated[
        list[str] | None,
        typer.Option(
            "--abi",
            metavar="ABI",
            help="Libraries for this ABI beside this machine's own: arm64-v8a is what phones have; repeatable.",
        ),
    ] = None,
) -> None:
    """Fetch the Android runtimes for a Pocketfit that pip, pipx or uv installed, after saying what they take.

    mvn and npm fetch their archives, by your settings for these, and what this machine runs is taken out of them; each
    file is held to the SHA-256 that the wheel names. They go to ~/.cache/pocketfit/android/VERSION, whole or not at
    all, and an ABI that is there stays.

    Example: `pocketfit setup`
    """
    from pocketfit.commands.setup import announced, is_there, missing_beside, of_no_use, plan, set_up

    made = plan(archives, abi or ())
    if is_there(made):
        echo(f"the Android side for {listed(made.abis, 'and')} is there: {made.folder}")
    else:
        for line in announced(made):
            echo(line)
        if not yes and not sys.stdin.isatty():
            raise ConfigError("nothing was fetched: nobody can be asked here, so say --yes")
        if not yes and not typer.confirm("Go on?", default=True):
            echo("nothing was fetched")
            return
        try:
            set_up(made, echo)
        except (KeyboardInterrupt, SystemExit):
            say("interrupted: nothing was set up; the same command begins again")
            raise
        echo(f"the Android side is in {made.folder}")
    for line in (*of_no_use(made), *missing_beside(made)):
        echo(line)


def doctor(serial: Serial = None, emulator_image: EmulatorImage = None, as_json: Json = False) -> None:
    """Say what works here and what does not, with the next step for each.

    Devices and formats are asked by the code that a run asks.

    Example: `pocketfit doctor`
    """
    from pocketfit.commands.doctor import looks
    from pocketfit.commands.printed import findings_json, print_finding

    found: list[Finding] = []
    for look in looks(asked.device_options(serial, emulator_image), Path.cwd()):
        with looking_at(look.at):
            findings = tuple(look.find())
        for finding in findings:
            print_finding(finding, to_stderr=as_json, quiet=loudness().quiet)
        found += findings
    if as_json:
        print_json(findings_json(found))
    leave(EnvironmentProblem.exit_code if any(finding.problem and finding.needed for finding in found) else 0)


def version(as_json: Json = False) -> None:
    """Say which Pocketfit this is, what makes its files and what runs them.

    Example: `pocketfit version --json`
    """
    from pocketfit.commands.version import lines, versions
    from pocketfit.store import plain

    found = versions()
    if as_json:
        print_json(json.dumps(plain(found), indent=2) + "\n")
        return
    for line in lines(found):
        echo(line)
