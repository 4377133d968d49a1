"""What a history's branch holds once a commit is added to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pocketfit.history.badge import FOLDER as BADGES
from pocketfit.history.badge import badges
from pocketfit.history.entry import file_name
from pocketfit.history.reading import ENTRIES, MARK, MOST_KEPT, mark_json
from pocketfit.history.writing import too_old
from pocketfit.records import HistoryEntry
from pocketfit.store import history_entry_json

README = """\
# What each commit of the default branch was on the phone

Pocketfit keeps this branch: a few numbers of each commit, one file in `entries/` for each. `pocketfit history BRANCH`
prints them; the badges are of the newest. It shares no commit with the other branches, and deleting it loses the
history and nothing else.
"""


def added_files(entry: HistoryEntry) -> Mapping[str, str]:
    """Give each file that a new entry brings or writes anew, by its path on the branch; badges are of this commit."""
    return {
        **badges(entry),
        MARK: mark_json(),
        "README.md": README,
        f"{ENTRIES}/{file_name(entry)}": history_entry_json(entry),
    }


def removed_files(entry: HistoryEntry, there: Iterable[str], most: int = MOST_KEPT) -> list[str]:
    """List what goes once this entry is there: the oldest entries, and badges of variants that are no more.

    `there` are the branch's paths.
    """
    there, files = tuple(there), added_files(entry)
    names = [path.removeprefix(f"{ENTRIES}/") for path in there if path.startswith(f"{ENTRIES}/")]
    old = [f"{ENTRIES}/{name}" for name in too_old(names, file_name(entry), most)]
    return [*old, *(path for path in there if path.startswith(f"{BADGES}/") and path not in files)]
