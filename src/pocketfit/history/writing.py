"""Adds an entry to a folder, and says which old ones go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pocketfit.errors import ConfigError
from pocketfit.files import write_text_atomically
from pocketfit.history.entry import FILE_NAME, file_name
from pocketfit.history.reading import ENTRIES, MARK, MARK_LIMIT_BYTES, MOST_KEPT, check_mark, mark_json
from pocketfit.records import HistoryEntry
from pocketfit.store import history_entry_json


def add_to_folder(folder: Path, entry: HistoryEntry, most: int = MOST_KEPT) -> None:
    """Write an entry into a folder, which is made where it is missing; the oldest beyond `most` are removed.

    Raises ConfigError where the folder holds something else, or can't be written.
    """
    mark, entries = folder / MARK, folder / ENTRIES
    if mark.is_symlink() or entries.is_symlink():
        raise ConfigError(f"{folder} holds a link where its own files are to be: name another folder")
    try:
        if mark.exists():
            if mark.stat().st_size > MARK_LIMIT_BYTES:
                raise ConfigError(f"{mark} is larger than {MARK_LIMIT_BYTES:,} bytes, so it is not ours")
            check_mark(mark.read_bytes(), str(folder))
        elif folder.exists() and any(folder.iterdir()):
            raise ConfigError(f"{folder} is no history of Pocketfit's, and is not empty: name another folder")
        name = file_name(entry)
        write_text_atomically(mark, mark_json())
        write_text_atomically(entries / name, history_entry_json(entry))
        for old in too_old((path.name for path in entries.iterdir()), name, most):
            (entries / old).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} can't be written: {error.strerror}") from error


def too_old(names: Iterable[str], new: str, most: int) -> list[str]:
    """List the entries to remove, once that of the name `new` is there: the oldest, and another one of its commit."""
    ours = sorted({name for name in names if FILE_NAME.fullmatch(name)} | {new})
    commit = new.partition("-")[2]
    again = [name for name in ours if name != new and name.partition("-")[2] == commit]
    kept = [name for name in ours if name not in again]
    # Of all that there is, the one that was just measured is what nobody has elsewhere.
    oldest = [name for name in kept if name != new]
    return again + oldest[: max(0, len(kept) - most)]
