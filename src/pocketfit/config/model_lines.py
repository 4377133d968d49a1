"""The lines of models and limits in the configuration that a run used, for whoever points at them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pocketfit.config.toml import lines_of

# [models.NAME], also of pyproject.toml, and a table inside it such as [models.NAME.limits].
HEADER = re.compile(
    r"""\s*\[\s*(?:tool\s*\.\s*pocketfit\s*\.\s*)?models\s*\.\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*[].]"""
)
LIMIT_BYTES = 1_000_000


@dataclass(frozen=True)
class ConfigLines:
    """`file` is relative to the folder that it was looked for in; lines count from 1, by model. `limits` are those of
    limits, by model ("" for what counts for all) and key.
    """

    file: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def of_limit(self, model: str, limit: str) -> int | None:
        """The line where a model's limit stands, else the model's own; None where neither is known."""
        known = (self.limits.get((model, limit)), self.limits.get(("", limit)), self.lines.get(model))
        return next((line for line in known if line is not None), None)


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
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if lines := model_lines(text):
            return ConfigLines(name, lines, limit_lines(text))
    return NO_LINES


def model_lines(text: str) -> dict[str, int]:
    """Map each model to the line of its first table."""
    first_lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if match := HEADER.match(line):
            first_lines.setdefault(match[1] or match[2] or match[3], number)
    return first_lines


def limit_lines(text: str) -> dict[tuple[str, str], int]:
    """Map each limit, by model ("" for all) and key, to its line; nothing where the text is no TOML."""
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
    found: dict[tuple[str, str], int] = {}
    for place, line in lines_of(text).items():
        match place[2:] if place[:2] == ("tool", "pocketfit") else place:
            case ("models", str(model), "limits", str(key)):
                found[model, key] = line
            case ("limits", str(key)):
                found["", key] = line
    return found
