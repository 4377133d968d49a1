"""The records that are files: Snapshot, Trial and Report, to and from JSON.

Reading is strict, since a report may come from a pull request that nobody has to trust: unknown keys, wrong
types, NaN and numbers that no file or phone could produce are all refused.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pocketfit.errors import ConfigError
from pocketfit.files import write_text_atomically
from pocketfit.flat import flat_type, published, unflattened
from pocketfit.records import Built, Failed, Report, Skipped, Snapshot, Trial
from pocketfit.text import clean

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError
    from pydantic_core import ErrorDetails

Record = TypeVar("Record", Snapshot, Trial, Report)

LARGEST_INT = 2**63 - 1
# A report of 1,000 variants with 30 operators each has about 3 MB.
FOREIGN_LIMIT_BYTES = 8 * 1024 * 1024
MANY_ROWS = 2_000
# pydantic puts these into the place of what is wrong with an outcome.
OUTCOME_KINDS = frozenset(kind.__name__ for kind in (Built, Failed, Skipped))


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
        with path.open("rb") as file:
            data = file.read(FOREIGN_LIMIT_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    return parse_foreign_report(data, str(path))


def parse_foreign_report(data: bytes, name: str) -> Report:
    """A report that nobody has to trust: beside its form, its size and its number of rows are checked."""
    if len(data) > FOREIGN_LIMIT_BYTES:
        raise ConfigError(f"{name}: it is larger than {FOREIGN_LIMIT_BYTES:,} bytes")
    report = _parse(data, Report, name)
    if len(report.rows) > MANY_ROWS:
        raise ConfigError(f"{name}: it has {len(report.rows):,} rows, more than {MANY_ROWS:,}")
    return report


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Raises ConfigError where the file can't be written, like all writers here."""
    _write(path, plain(snapshot))


def write_trial(path: Path, trial: Trial) -> None:
    _write(path, plain(trial))


def write_report(path: Path, report: Report) -> None:
    # The schema's number comes first: whoever opens the file should meet it before what it governs.
    _write(path, {"schema": report.schema} | plain(report))


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
    write_text_atomically(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _read(path: Path, kind: type[Record]) -> Record:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    return _parse(data, kind, str(path))


def _parse(data: bytes, kind: type[Record], name: str) -> Record:
    """Raises ConfigError whose sentence has one line, whatever the keys and values in the file are."""
    from pydantic import ValidationError

    try:
        # mypy takes a class with __hash__ for one that has none.
        record: Record | None = unflattened(_adapter(cast(Any, kind)).validate_json(data))
    except ValidationError as error:
        raise ConfigError(f"{name}: {clean(_first_problem(error))}") from error
    if record is None:
        raise ConfigError(f"{name}: it is null, not a {kind.__name__.lower()}")
    if key := _too_large(plain(record)):
        raise ConfigError(f"{name}: {clean(key)} is a larger number than makes sense")
    return record


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter

    # pydantic takes no configuration for a dataclass that isn't its own, but takes one for "it or None",
    # and hands it on to all that is inside: so records.py needs to know nothing of pydantic.
    return TypeAdapter(
        cast(Any, flat_type(cast(Any, kind)) | None),
        config=ConfigDict(strict=True, extra="forbid", allow_inf_nan=False),
    )


def _first_problem(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False)
    # An outcome is tried as Built, Failed and Skipped; where its `state` says which it is, only that counts.
    others = {place[:-1] for problem in problems if _is_state_of_an_outcome(place := problem["loc"])}
    relevant = [problem for problem in problems if not any(_is_inside(problem, other) for other in others)]
    return _sentence((relevant or problems)[0])


def _is_state_of_an_outcome(place: tuple[int | str, ...]) -> bool:
    """Tell an outcome's own `state` from an operator or a model that is called so."""
    return len(place) == 4 and place[0] == "outcomes" and place[2] in OUTCOME_KINDS and place[3] == "state"


def _is_inside(problem: ErrorDetails, place: tuple[int | str, ...]) -> bool:
    return problem["loc"][: len(place)] == place


def _sentence(problem: ErrorDetails) -> str:
    key, message = _key(problem["loc"]), problem["msg"]
    match problem["type"]:
        case "json_invalid":
            return f"it is not JSON ({message.removeprefix('Invalid JSON: ')})"
        case "missing":
            return f"{key} is missing"
        case "unexpected_keyword_argument":
            return f"{key} is not a known key"
    expected = message.removeprefix("Input ")
    return f"{key} {expected}, not {json.dumps(problem['input'], default=str)[:60]}"


def _key(place: tuple[int | str, ...]) -> str:
    """Write a place in the file as `rows[0].head.size_bytes`: pydantic's names for an outcome's kinds are left out."""
    steps = [
        step
        for before, step in zip((None, *place), place, strict=False)
        if not (isinstance(before, int) and step in OUTCOME_KINDS)
    ]
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".") or "it"


def _too_large(value: Any, key: str = "") -> str | None:
    """Find the key of the first number that doesn't fit 64 bits."""
    match value:
        case dict():
            return next(
                filter(None, (_too_large(item, f"{key}.{name}".lstrip(".")) for name, item in value.items())), None
            )
        case list():
            return next(filter(None, (_too_large(item, f"{key}[{index}]") for index, item in enumerate(value))), None)
        case int():
            return key if abs(value) > LARGEST_INT else None
    return None
