"""The words that forms for programs share: names and reasons, whole and on one line each."""

from __future__ import annotations

from pocketfit.door import LONGEST_TEXT
from pocketfit.records import Report, Row
from pocketfit.report.cells import failures
from pocketfit.report.summary import headline
from pocketfit.text import clean


def whole(text: str) -> str:
    """Text from outside on one line, as long as a saved report may have it."""
    return clean(text, LONGEST_TEXT)


def variant_name(row: Row) -> str:
    return whole(str(row.variant))


def reasons(row: Row) -> tuple[str, ...]:
    """Give all that is said of a row, and at least one sentence."""
    said = tuple(dict.fromkeys(filter(None, map(whole, row.reasons or (row.smoke.reason,)))))
    return said or (f"it failed: {', '.join(failures(row))}",)


def unexplained(report: Report) -> tuple[str, ...]:
    """Say why the verdict is no pass where no row fails, as in a run that was stopped; empty where it needs no word."""
    if report.verdict == "pass" or any(row.fails for row in report.rows):
        return ()
    return (headline(report).text, *(whole(note) for note in report.notes))
