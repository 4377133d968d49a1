"""Turns a command's options into what the line takes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.errors import ConfigError, EnvironmentProblem

if TYPE_CHECKING:
    from pocketfit.builds.sandbox import Sandbox
    from pocketfit.devices.base import DeviceOptions
    from pocketfit.records import Config

Words = Sequence[str] | None


def require_torch() -> None:
    if find_spec("torch") is None:
        raise EnvironmentProblem(
            "torch is not installed here: pip install -r requirements/torch.txt (or run `make setup`)"
        )


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


def only(words: Words, option: str, default: str) -> str:
    """The one format or precision of a file; raises ConfigError for several."""
    if words and len(words) > 1:
        raise ConfigError(f"one file has one {option}: give it once, or --source and --out for several files")
    return words[0] if words else default


def sandbox(timeout_s: float) -> Sandbox:
    """The limits of each child."""
    from pocketfit.builds.sandbox import Sandbox, physical_memory_bytes

    return Sandbox(timeout_s, physical_memory_bytes(), _model_user())


def device_options(serial: str | None, emulator_image: str | None, log_folder: Path | None = None) -> DeviceOptions:
    from pocketfit.devices.base import DeviceOptions
    from pocketfit.runtimes.library import android_or_why

    return DeviceOptions(android_or_why(), _model_user(), serial, emulator_image, log_folder)


def _model_user() -> str | None:
    """The user that model code runs as, where we are root and the image names one."""
    return os.environ.get("POCKETFIT_MODEL_USER") if os.geteuid() == 0 else None
