"""Whether a configuration is right, in a second: nothing is built, and nothing of the repository runs."""

from __future__ import annotations

from pathlib import Path

from pocketfit.builds.git import root_of
from pocketfit.config import find_config, read_config
from pocketfit.variants import count_variants


def check(folder: Path, given: Path | None = None) -> str:
    """One line on the configuration that a run in `folder` would take; raises ConfigError with all that is wrong."""
    root = root_of(folder)
    file = find_config(root, given, folder)
    config = read_config(file, root)
    shown = file.resolve().relative_to(root.resolve()) if file.resolve().is_relative_to(root.resolve()) else file
    return (
        f"{shown}: {_counted(len(config.models), 'model')}, {_counted(count_variants(config), 'variant')}, no problem"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
