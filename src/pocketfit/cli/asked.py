"""Turns a command's options into what the line takes."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.installed import without_torch

if TYPE_CHECKING:
    from typer import Context

    from pocketfit.builds.sandbox import Sandbox
    from pocketfit.devices.base import DeviceOptions
    from pocketfit.records import Config, History
    from pocketfit.sandbox.order import ResourceLimits

log = logging.getLogger(__name__)

Words = Sequence[str] | None
LIMIT_WORDS = "memory=SIZE, processes=N, file=SIZE, folder=SIZE, files=N or open-files=N"


def require_torch() -> None:
    if lacking := without_torch():
        raise EnvironmentProblem(lacking)


def single(source: str | None, config: Path | None, shapes: Words, formats: Words, precisions: Words) -> Config | None:
    """The configuration that `--source` and what belongs to it stand in for; None without them.

    Raises ConfigError where the options do not go together.
    """
    if source is None:
        belonging = {"--shape": shapes, "--format": formats, "--precision": precisions}
        if lonely := [option for option, words in belonging.items() if words]:
            raise ConfigError(f"{lonely[0]} belongs to --source, which is not given: a configuration has its own")
        return None
    if config:
        raise ConfigError("give either --config or --source, not both: --source stands in for a configuration")
    from pocketfit.variants import one_model

    return one_model(source, shapes or (), formats or (), precisions or ())


def history(place: str | None) -> History | None:
    """The history that `--history` names; None without it. What can't be read of it is said, and stops nothing."""
    if place is None:
        return None
    from pocketfit.data_branch.reading import history_or_why

    return history_or_why(place, Path.cwd())


def check_abi(abi: str | None, device: str | None) -> None:
    """Raise ConfigError for an ABI that no JVM has, or that the device is not asked for."""
    from pocketfit.devices import ABIS

    if abi is not None and abi not in ABIS:
        raise ConfigError(f"--abi {abi}: use one of {', '.join(ABIS)}")
    if abi is not None and device not in (None, "auto", "jvm"):
        raise ConfigError(f"--abi is of a JVM, and the device is {device}: use --device jvm")


def check_run(base: str | None, exact: bool, junit: Path | None) -> None:
    """Raise where nothing can be built here, or where the options that name base or a file can't be meant."""
    require_torch()
    check_base(base, exact)
    check_file(junit, "--junit")


def check_base(base: str | None, exact: bool) -> None:
    """Raise ConfigError where the options that name base do not go together."""
    from pocketfit.builds.git import NO_BASE

    if exact and base == NO_BASE:
        raise ConfigError("--exact compares with --base itself, and --base none names nothing to compare with")


def check_file(file: Path | None, option: str) -> None:
    """Raise ConfigError where a file can't be written at the end of a run, which may take long."""
    if file is None:
        return
    if file.is_dir():
        raise ConfigError(f"{option} {file} is a folder: name a file")
    if file.parent.exists() and not os.access(file.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"{option} {file}: its folder can't be written to")


def check_one_file(context: Context) -> None:
    """Raise ConfigError for an option that says nothing of one SOURCE and its file."""
    if _is_given(context, "out"):
        raise ConfigError("--out is a folder for several files, and one SOURCE goes to one file: name it with --output")
    for option in ("config", "model", "requirements"):
        if _is_given(context, option):
            raise ConfigError(f"--{option} goes with a configuration or --source, and not with one SOURCE")


def _is_given(context: Context, name: str) -> bool:
    """Tell whether the parameter of this name was written on the command line, rather than left to its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def only(words: Words, option: str, default: str) -> str:
    """The one format or precision of a file; raises ConfigError for several."""
    if words and len(words) > 1:
        raise ConfigError(f"one file has one {option}: give it once, or --source and --out for several files")
    return words[0] if words else default


def sandbox(
    timeout_s: float,
    *,
    limits: Words = None,
    readable: Sequence[Path] | None = None,
    unsandboxed: bool = False,
) -> Sandbox:
    """The limits and walls of each child; raises ConfigError. What holds it too little is said once."""
    from pocketfit.builds.sandbox import Sandbox

    for path in readable or ():
        if not path.exists():
            raise ConfigError(f"--readable {path}: no such file or folder")
    if warning := _warning(unsandboxed):
        log.warning(warning)
    walled = not unsandboxed
    return Sandbox(timeout_s, _limits(limits), walled=walled, readable=tuple(path.resolve() for path in readable or ()))


def require_sandbox(what: str, unsandboxed: bool) -> None:
    """Raise EnvironmentProblem where nothing would hold `what`, which may be by anybody, from the user's files."""
    from pocketfit.sandbox.layers import layers

    if not unsandboxed and not layers().hold_files():
        raise EnvironmentProblem(
            f"{what} may be anybody's work, and this machine has no sandbox for it: {layers().missing()[0]}. "
            "If you trust it, add --unsandboxed"
        )


def _warning(unsandboxed: bool) -> str:
    from pocketfit.sandbox.layers import layers

    if unsandboxed:
        return "--unsandboxed: model code can read and write all that you can, and use the network"
    return "; ".join(layers().missing())


def _limits(words: Words) -> ResourceLimits:
    """What `--limit NAME=VALUE` asks for, and the defaults; raises ConfigError."""
    from pocketfit.builds.room import children_at_once
    from pocketfit.sandbox.layers import available_disk_bytes, available_memory_bytes
    from pocketfit.sandbox.order import ResourceLimits
    from pocketfit.units import parse_size

    values: dict[str, int] = {
        "memory_bytes": available_memory_bytes(),
        "folder_bytes": available_disk_bytes(children_at_once()),
    }
    for word in words or ():
        name, _, value = word.partition("=")
        try:
            if name in ("memory", "file", "folder"):
                values[f"{name}_bytes"] = parse_size(value)
            elif name in ("processes", "open-files", "files") and value.isdecimal():
                values[name.replace("-", "_")] = int(value)
            else:
                raise ConfigError(f"--limit {word}: write {LIMIT_WORDS}")
        except ValueError as error:
            raise ConfigError(f"--limit {word}: {error}") from error
        if min(values.values()) < 1:
            raise ConfigError(f"--limit {word}: it must be at least 1")
    return ResourceLimits(**values)


def device_options(
    serial: str | None,
    emulator_image: str | None,
    log_folder: Path | None = None,
    *,
    limits: Words = None,
    unsandboxed: bool = False,
) -> DeviceOptions:
    """The options of each device; raises ConfigError."""
    from pocketfit.devices.base import DeviceOptions
    from pocketfit.runtimes.library import android_or_why

    return DeviceOptions(android_or_why(), serial, emulator_image, log_folder, _limits(limits), not unsandboxed)
