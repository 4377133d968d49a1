"""Reads a history, from a folder or whatever else holds its files: it comes from outside, so all is checked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from pocketfit.errors import ConfigError
from pocketfit.files import Opened, opened
from pocketfit.history.entry import FILE_NAME, file_name
from pocketfit.records import History, HistoryEntry
from pocketfit.store import parse_history_entry
from pocketfit.text import clean

# The file at the top by which a folder or branch is one of ours, and the folder that entries are in.
MARK, ENTRIES = "history.json", "entries"
SCHEMA = 1
MARK_LIMIT_BYTES = 4_096
# An entry of 2,000 variants has about 700 kB.
ENTRY_LIMIT_BYTES = 1024 * 1024
ALL_LIMIT_BYTES = 64 * 1024 * 1024
# Kept on a branch; looked at for a report, and by `pocketfit history`.
MOST_KEPT, MOST_READ = 500, 60
MOST_NAMES = 10_000
PROBLEM_LENGTH = 300

Read = Callable[[str, int], bytes]


def read_folder(folder: Path, most: int = MOST_READ) -> History:
    """Read the newest entries of a folder; raises ConfigError where it is no history, or one of another schema.

    No link in it is followed, and no file that is no regular one is opened.
    """
    try:
        # The user names the folder, and may mean a link; what is in it is anybody's.
        with opened(folder.resolve()) as top:
            check_mark(top.read(MARK, MARK_LIMIT_BYTES), str(folder))
            return read_entries(_names(top), lambda name, limit: top.read(f"{ENTRIES}/{name}", limit), most)
    except FileNotFoundError as error:
        raise _no_history(str(folder)) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder} can't be read: {getattr(error, 'strerror', None) or error}") from error


def check_mark(data: bytes, where: str) -> None:
    """Raise ConfigError unless this is the mark of a history that this Pocketfit reads."""
    try:
        mark = json.loads(data)
        schema = mark["pocketfit_history"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise _no_history(where) from error
    if schema != SCHEMA or type(schema) is not int:
        found = clean(json.dumps(schema, default=str), 40)
        raise ConfigError(f"{where} has schema {found}, and this Pocketfit reads {SCHEMA}: use the one that wrote it")


def _no_history(where: str) -> ConfigError:
    return ConfigError(f"{where} is no history of Pocketfit's: it has no {MARK} that says so")


def mark_json() -> str:
    """What stands in the mark."""
    return json.dumps({"pocketfit_history": SCHEMA}) + "\n"


def read_entries(names: Sequence[str], read: Read, most: int) -> History:
    """Read the newest `most` of the entries by these names; what can't be taken is left out, with a sentence."""
    wanted = sorted(name for name in names if FILE_NAME.fullmatch(name))[-most:]
    entries: list[HistoryEntry] = []
    bad: list[str] = []
    left_bytes = ALL_LIMIT_BYTES
    # From the newest on, so that the oldest are those that there is no room for.
    for name in reversed(wanted):
        try:
            data = read(name, min(ENTRY_LIMIT_BYTES, left_bytes))
            left_bytes -= len(data)
            entry = parse_history_entry(data, name)
            if file_name(entry) != name:
                raise ConfigError(f"{name} is of another commit or date than its name says")
            entries.append(entry)
        except ConfigError as problem:
            bad.append(str(problem))
        except (OSError, ValueError) as error:
            bad.append(f"{name}: {getattr(error, 'strerror', None) or error}")
    problems = [_left_out(bad, len(wanted))] if bad else []
    return History(tuple(reversed(entries)), tuple(problems))


def _left_out(bad: Sequence[str], of: int) -> str:
    count = "the only entry" if of == 1 else f"{len(bad)} of {of} entries"
    verb = "is" if len(bad) == 1 else "are"
    return f"{count} of the history {verb} left out: {clean(bad[0], PROBLEM_LENGTH)}"


def _names(top: Opened) -> list[str]:
    """List the entries' folder, which may hold anything; raises ValueError where it holds too much."""
    try:
        descriptor = os.open(ENTRIES, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top.descriptor)
    except FileNotFoundError:
        return []
    try:
        names = []
        with os.scandir(descriptor) as found:
            for one in found:
                names.append(one.name)
                if len(names) > MOST_NAMES:
                    raise ValueError(f"{ENTRIES} holds more than {MOST_NAMES:,} files")
        return names
    finally:
        os.close(descriptor)
