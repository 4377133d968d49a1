"""The line of each model's table in the configuration that a run used, for whoever points at it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# [models.NAME], also of pyproject.toml, and a table inside it such as [models.NAME.limits].
HEADER = re.compile(
    r"""\s*\[\s*(?:tool\s*\.\s*pocketfit\s*\.\s*)?models\s*\.\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*[].]"""
)
LIMIT_BYTES = 1_000_000


@dataclass(frozen=True)
class ConfigLines:
    """`file` is relative to the folder that it was looked for in; lines count from 1, by model."""

    file: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)


NO_LINES = ConfigLines()


def locate_models(folder: Path, config: str | None = None) -> ConfigLines:
    """Find the configuration that a run in `folder` used, as far as it is there; nothing where it can't be read."""
    for name in [config] if config else ["pocketfit.toml", "pyproject.toml"]:
        path = folder / name
        try:
            # A pull request may hold a link of this name, to anything.
            inside = path.resolve().is_relative_to(folder.resolve())
            if not inside or not path.is_file() or path.stat().st_size > LIMIT_BYTES:
                continue
            lines = model_lines(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
        if lines:
            return ConfigLines(name, lines)
    return NO_LINES


def model_lines(text: str) -> dict[str, int]:
    """Map each model to the line of its first table."""
    first_lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if match := HEADER.match(line):
            first_lines.setdefault(match[1] or match[2] or match[3], number)
    return first_lines
