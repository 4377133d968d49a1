"""Errors of the job's page: one for each variant that failed, on the line of its model in the configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from entrypoint.workflow_commands import annotate
from pocketfit.config.model_lines import ConfigLines
from pocketfit.records import Report, Row

# A mistake in the configuration: the file's name, and the line.
IN_A_FILE = re.compile(r"([\w.-]+\.toml):(\d{1,7}): ", re.ASCII)
# GitHub shows ten annotations of a kind per step.
ANNOTATION_LIMIT = 10


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
