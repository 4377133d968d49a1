"""One commit as a history has it, made of its report. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal, get_args

from pocketfit.errors import ConfigError
from pocketfit.judge.work import core_of
from pocketfit.records import HistoryEntry, HistoryVariant, Report, Row, Work
from pocketfit.text import is_sha

DATE = "%Y-%m-%dT%H:%M:%SZ"
Status = Literal["compared", "identical", "new", "failed"]
# What a row can be that has an artifact of head.
BUILT: dict[str, Status] = {status: status for status in get_args(Status)}
# By their names entries are in order, and each commit has one.
FILE_NAME = re.compile(r"\d{8}T\d{6}Z-(?:[0-9a-f]{40}|[0-9a-f]{64})\.json", re.ASCII)


def entry_of(report: Report, date: str) -> HistoryEntry:
    """Give what is kept of a report; `date` is its commit's. Raises ConfigError where there is nothing to keep."""
    if not is_sha(report.head):
        raise ConfigError("the report is of a working tree, and a history is of commits: commit, and run again")
    variants = tuple(entry for row in report.rows if (entry := _variant(row)))
    if not variants:
        raise ConfigError("no variant of the report was built, so there is nothing to keep")
    return HistoryEntry(
        report.head, date, report.verdict, report.pocketfit, report.environment.torch, measured_on(report), variants
    )


def _variant(row: Row) -> HistoryVariant | None:
    head, status = row.head, BUILT.get(row.status)
    if head is None or status is None:
        return None
    work = head.work
    return HistoryVariant(
        row.model,
        row.format,
        row.precision,
        status,
        head.size_bytes,
        head.download_bytes,
        head.sha256,
        row.latency.head_ms,
        work.instructions if work else None,
        counted_on(work),
        head.memory.peak_rss_bytes,
        head.memory.planned_bytes,
    )


def measured_on(report: Report) -> str | None:
    """Name all that a latency depends on beside the file; None where there was no device."""
    where = report.environment
    if where.device is None:
        return None
    threads = "" if where.threads is None else f"threads={where.threads}"
    return " / ".join(filter(None, (where.device, where.abi, where.cpu, where.hardware.model, where.runtime, threads)))


def counted_on(work: Work | None) -> str | None:
    """Name all that a count of instructions depends on beside the file; None where nothing was counted."""
    if work is None or work.instructions is None:
        return None
    return " / ".join(filter(None, (work.abi, core_of(work), work.runtime)))


def commit_date(seconds: int) -> str:
    """Write seconds since 1970 as an entry has them."""
    return datetime.fromtimestamp(seconds, UTC).strftime(DATE)


def file_name(entry: HistoryEntry) -> str:
    """Name an entry's file; raises ConfigError where its commit or its date can't be one."""
    try:
        stamp = datetime.strptime(entry.date, DATE).strftime("%Y%m%dT%H%M%SZ")
    except ValueError as error:
        raise ConfigError(f"date is no time like 2030-12-31T23:59:59Z: {entry.date[:40]!r}") from error
    if not is_sha(entry.commit):
        raise ConfigError(f"commit is no SHA: {entry.commit[:40]!r}")
    return f"{stamp}-{entry.commit}.json"
