"""Errors of the job's page: one for each variant that failed, on the line of its model in the configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from entrypoint.workflow_commands import annotate
from pocketfit.records import Report, Row

# [models.NAME], also of pyproject.toml, and a table inside it such as [models.NAME.limits].
HEADER = re.compile(
    r"""\s*\[\s*(?:tool\s*\.\s*pocketfit\s*\.\s*)?models\s*\.\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*[].]"""
)
# A mistake in the configuration: the file's name, and the line.
IN_A_FILE = re.compile(r"([\w.-]+\.toml):(\d{1,7}): ", re.ASCII)
LIMIT_BYTES = 1_000_000
# GitHub shows ten annotations of a kind per step.
ANNOTATION_LIMIT = 10


@dataclass(frozen=True)
class ConfigLines:
    """`file` is relative to the workspace; lines count from 1, by model."""

    file: str = ""
    lines: dict[str, int] = field(default_factory=dict)


def annotate_failures(log: TextIO, report: Report, config: ConfigLines) -> None:
    """One error for each variant that failed, with its reason, on its model's line of the configuration."""
    failed = [row for row in report.rows if row.fails]
    for row in failed[:ANNOTATION_LIMIT]:
        message = f"{row.model}/{row.format}/{row.precision}: {_reason(row)}"
        annotate(log, "error", message, file=config.file, line=config.lines.get(row.model))
    if not failed:
        annotate(log, "error", f"the verdict is {report.verdict}")


def annotate_reasons(log: TextIO, reasons: Sequence[str], workspace: Path, config: str | None) -> None:
    """One error for each reason why there is no report, on the line of the configuration that it names."""
    for reason in reasons[:ANNOTATION_LIMIT]:
        named = IN_A_FILE.match(reason)
        file = (config or named[1]) if named else ""
        if named is None or Path(file).name != named[1] or not (workspace / file).is_file():
            annotate(log, "error", reason)
        else:
            annotate(log, "error", reason, file=file, line=int(named[2]))


def _reason(row: Row) -> str:
    reasons = [*row.reasons, row.smoke.reason, *(f"limit {name} passed" for name in row.failed_limits)]
    return next((reason for reason in reasons if reason), "failed")


def locate_models(workspace: Path, config: str | None) -> ConfigLines:
    """The configuration that the run used, as far as it is in the workspace; nothing where it can't be read."""
    for name in [config] if config else ["pocketfit.toml", "pyproject.toml"]:
        path = workspace / name
        try:
            # The pull request may hold a link of this name, to anything.
            inside = path.resolve().is_relative_to(workspace.resolve())
            if not inside or not path.is_file() or path.stat().st_size > LIMIT_BYTES:
                continue
            lines = model_lines(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
        if lines:
            return ConfigLines(name, lines)
    return ConfigLines()


def model_lines(text: str) -> dict[str, int]:
    """The line of each model's first table."""
    first_lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if match := HEADER.match(line):
            first_lines.setdefault(match[1] or match[2] or match[3], number)
    return first_lines
