"""Adds a report to a history's folder, and gives a history as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pocketfit.builds.git import Git
from pocketfit.errors import CommandError, ConfigError
from pocketfit.history.entry import commit_date, entry_of
from pocketfit.history.trend import place
from pocketfit.history.writing import add_to_folder
from pocketfit.records import UNCOMMITTED, History
from pocketfit.store import plain, read_report


def add_report(report: Path, folder: Path, repository: Path) -> str:
    """Add what a saved report says of its commit; returns a sentence. Raises ConfigError.

    The commit's date is asked of the repository that contains `repository`.
    """
    known = read_report(report)
    try:
        date = commit_date(Git(repository).commit_seconds(known.head or ""))
    except CommandError:
        # Without a commit there is another sentence.
        date = ""
    if UNCOMMITTED in known.notes:
        raise ConfigError(f"{report} is of changes that were not committed: commit, and run again")
    entry = entry_of(known, date)
    if not date:
        raise ConfigError(f"{report} is of {entry.commit[:9]}, which is no commit here: run this in its repository")
    add_to_folder(folder, entry)
    return f"added {place(entry)} to {folder}"


def select(history: History, models: Sequence[str], where: str) -> History:
    """The history of these models alone, of all where none is named; raises ConfigError for one that it lacks."""
    if not models:
        return history
    known = {one.model for entry in history.entries for one in entry.variants}
    if unknown := [model for model in models if model not in known]:
        raise ConfigError(f"--model {unknown[0]}: {where} has none of that name")
    entries = [
        replace(entry, variants=tuple(one for one in entry.variants if one.model in models))
        for entry in history.entries
    ]
    return replace(history, entries=tuple(entry for entry in entries if entry.variants))


def history_json(history: History) -> str:
    """The entries as they are kept, from the oldest to the newest, and what could not be read."""
    content = {"schema": 1, "entries": plain(history.entries), "problems": list(history.problems)}
    return json.dumps(content, indent=2) + "\n"
