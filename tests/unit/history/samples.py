"""Histories to read and to show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pocketfit.history.entry import commit_date, file_name
from pocketfit.history.reading import ENTRIES, MARK, mark_json
from pocketfit.records import History, HistoryEntry, HistoryVariant
from pocketfit.store import history_entry_json

START = 1_790_000_000
DAY = 86_400


def variant(size: int = 1_000, model: str = "net", **fields: object) -> HistoryVariant:
    return HistoryVariant(model, "lite", "fp32", "compared", size, size // 2, "aa" * 32, **fields)  # type: ignore[arg-type]


def entry(number: int, *variants: HistoryVariant) -> HistoryEntry:
    """The commit of day `number`."""
    date = commit_date(START + number * DAY)
    return HistoryEntry(f"{number:040x}", date, "pass", "0.1.0", "2.12.1", "jvm", variants or (variant(),))


def of_sizes(sizes: Sequence[int | None], model: str = "net") -> History:
    """A commit a day, each with one variant of this size; None for one that has another variant."""
    found = (variant(1, "other") if size is None else variant(size, model) for size in sizes)
    return History(tuple(entry(number, one) for number, one in enumerate(found)))


def write(folder: Path, history: History) -> Path:
    """The history as a folder."""
    (folder / ENTRIES).mkdir(parents=True)
    (folder / MARK).write_text(mark_json())
    for one in history.entries:
        (folder / ENTRIES / file_name(one)).write_text(history_entry_json(one))
    return folder
