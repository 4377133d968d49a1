"""The records that are files: Snapshot, Trial, Report and HistoryEntry, to and from JSON.

Reading is strict, since a report may come from a pull request that nobody has to trust: unknown keys, wrong
types, NaN and numbers that no file or phone could produce are all refused.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from pocketfit import __version__
from pocketfit.door import NotFit, let_in
from pocketfit.errors import ConfigError
from pocketfit.files import read_named, write_text_atomically
from pocketfit.flat import flat_type, published, unflattened
from pocketfit.records import HistoryEntry, Report, Snapshot, Trial
from pocketfit.text import clean

Record = TypeVar("Record", Snapshot, Trial, Report, HistoryEntry)

# What each kind of file has and no other: people name one for another.
OWN_KEYS: Mapping[type[Any], frozenset[str]] = {
    Report: frozenset({"verdict", "rows"}),
    Snapshot: frozenset({"side", "outcomes"}),
    Trial: frozenset({"device", "rows"}),
    HistoryEntry: frozenset({"date", "variants"}),
}
TAKEN: Mapping[type[Any], str] = {
    Report: "report and publish take report.json",
    Snapshot: "compare takes base.json and head.json",
    Trial: "--trial takes trial.json",
    HistoryEntry: "--history takes a folder or a branch of them",
}

# A report of 1,000 variants with 30 operators each has about 3 MB.
FOREIGN_LIMIT_BYTES = 8 * 1024 * 1024
MANY_ROWS = 2_000
PROBLEM_LENGTH = 300
VERSION_LENGTH = 40
# What runs of ours wrote may be of more models.
OWN_LIMIT_BYTES = 64 * 1024 * 1024


def read_snapshot(path: Path) -> Snapshot:
    """Raises ConfigError, which names the file and the key, like all readers here."""
    return _read(path, Snapshot)


def read_trial(path: Path) -> Trial:
    return _read(path, Trial)


def read_report(path: Path) -> Report:
    return _read(path, Report)


def read_foreign_report(path: Path) -> Report:
    """A report that nobody has to trust, see parse_foreign_report."""
    try:
        data = read_named(path, FOREIGN_LIMIT_BYTES)
    except (OSError, ValueError) as error:
        raise _cannot_be_read(path, error) from error
    return parse_foreign_report(data, str(path))


def parse_foreign_report(data: bytes, name: str) -> Report:
    """A report that nobody has to trust: beside its form, its size and its number of rows are checked."""
    if len(data) > FOREIGN_LIMIT_BYTES:
        raise ConfigError(f"{name}: it is larger than {FOREIGN_LIMIT_BYTES:,} bytes")
    report = _parse(data, Report, name)
    if len(report.rows) > MANY_ROWS:
        raise ConfigError(f"{name}: it has {len(report.rows):,} rows, more than {MANY_ROWS:,}")
    return report


def parse_history_entry(data: bytes, name: str) -> HistoryEntry:
    """An entry of a history, which nobody has to trust either."""
    entry = _parse(data, HistoryEntry, name)
    if len(entry.variants) > MANY_ROWS:
        raise ConfigError(f"{name}: it has {len(entry.variants):,} variants, more than {MANY_ROWS:,}")
    return entry


def history_entry_json(entry: HistoryEntry) -> str:
    """In ASCII and without spaces: it is kept for each commit, and for programs alone."""
    return json.dumps({"schema": entry.schema} | plain(entry), separators=(",", ":"), allow_nan=False) + "\n"


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Raises ConfigError where the file can't be written, like all writers here."""
    _write(path, plain(snapshot))


def write_trial(path: Path, trial: Trial) -> None:
    _write(path, plain(trial))


def write_report(path: Path, report: Report) -> None:
    write_text_atomically(path, report_json(report))


def report_json(report: Report) -> str:
    # The schema's number comes first: whoever opens the file should meet it before what it governs.
    return _json({"schema": report.schema} | plain(report))


def plain(value: Any) -> Any:
    """Turn a record into JSON's types: what is not a number (NaN, infinity) was not measured, so it is null."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case str():
            # A lone surrogate can't be written as UTF-8, and JSON from a model's process may hold one.
            return value.encode("utf-8", "replace").decode()
        case Mapping():
            return {plain(str(key)): plain(item) for key, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {name: plain(item) for name, item in published(value)}
        case Path():
            return plain(str(value))
    return value


def _write(path: Path, value: object) -> None:
    write_text_atomically(path, _json(value))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _read(path: Path, kind: type[Record]) -> Record:
    try:
        data = read_named(path, OWN_LIMIT_BYTES)
    except (OSError, ValueError) as error:
        raise _cannot_be_read(path, error) from error
    return _parse(data, kind, str(path))


def _cannot_be_read(path: Path, error: OSError | ValueError) -> ConfigError:
    return ConfigError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}")


def _parse(data: bytes, kind: type[Record], name: str) -> Record:
    """Raises ConfigError whose sentence has one line, whatever the keys and values in the file are."""
    try:
        # mypy takes a class with __hash__ for one that has none.
        record: Record = unflattened(let_in(flat_type(cast(Any, kind)), data))
    except NotFit as error:
        other = _another(data)
        if other is None or other is kind:
            version = _by_another_version(data)
            # A key may be as long as the sentence about it.
            problem = clean(str(error), PROBLEM_LENGTH) if version else str(error)
            raise ConfigError(f"{name}: {problem}{version}") from error
        raise ConfigError(f"{name} is a {other.__name__.lower()}: {TAKEN[kind]}") from error
    return record


def _another(data: bytes) -> type[Any] | None:
    """The kind of file of ours that this is, whatever is wrong with it."""
    keys = set(_raw(data))
    return next((kind for kind, own in OWN_KEYS.items() if own <= keys), None)


def _by_another_version(data: bytes) -> str:
    """Say that another Pocketfit wrote this, which may have a key that this one does not know; "" where none did."""
    version = _raw(data).get("pocketfit")
    if not isinstance(version, str) or version == __version__:
        return ""
    written = clean(version, VERSION_LENGTH)
    return f" (pocketfit {written} wrote it, and this is {__version__}: read it with that version, or a newer one)"


def _raw(data: bytes) -> Mapping[str, Any]:
    """The keys and values of a file as it is; nothing where it holds no table."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
