"""Records that hold another, where a published file has the fields of both side by side.

`field(metadata=inlined())` marks such a field. A file's shape then stays as it is, however the records are cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, field, fields, is_dataclass, make_dataclass
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

INLINED = "inlined"

# mypy takes a class with __hash__ for one that has none, hence `Any` for the types that are cached by.
_types = cache(get_type_hints)


def inlined(*, without: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Mark a field whose record's fields are published as its owner's; those named in `without` are not published."""
    return {INLINED: without}


def published(record: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields that a file has of this record, with their values, in the file's order."""
    for holder, member in _members(cast(Any, type(record))):
        yield member.name, getattr(getattr(record, holder) if holder else record, member.name)


@cache
def flat_type(kind: Any) -> type[Any]:
    """Make the dataclass that is `kind` as a file has it, down to the innermost record."""
    members = [
        (
            member.name,
            _flat(_types(_types(kind)[holder] if holder else kind)[member.name]),
            field(default=member.default, default_factory=member.default_factory),
        )
        for holder, member in _members(kind)
    ]
    return make_dataclass(kind.__name__, members, namespace={"RECORD": kind}, frozen=True, kw_only=True)


def unflattened(value: Any) -> Any:
    """Turn a value of flat types into the records that it stands for."""
    match value:
        case tuple():
            return tuple(map(unflattened, value))
        case Mapping():
            return {key: unflattened(item) for key, item in value.items()}
    kind = getattr(type(value), "RECORD", None)
    if kind is None:
        return value
    arguments: dict[str, Any] = {}
    held: dict[str, dict[str, Any]] = {}
    for holder, member in _members(kind):
        target = held.setdefault(holder, {}) if holder else arguments
        target[member.name] = unflattened(getattr(value, member.name))
    return kind(**arguments, **{holder: _types(kind)[holder](**values) for holder, values in held.items()})


@cache
def _members(kind: Any) -> tuple[tuple[str, Field[Any]], ...]:
    """List the published fields, each with the name of the inlined field that holds it, or "" for the record's own."""
    members: list[tuple[str, Field[Any]]] = []
    for own in fields(kind):
        if INLINED in own.metadata:
            inner = fields(_types(kind)[own.name])
            members += [(own.name, member) for member in inner if member.name not in own.metadata[INLINED]]
        else:
            members.append(("", own))
    return tuple(members)


def _flat(hint: Any) -> Any:
    """The same type, with flat records in place of ours: `tuple[Row, ...]`, `Smoke | None`, `Mapping[str, Limits]`."""
    if is_dataclass(hint):
        return flat_type(cast(Any, hint))
    origin = get_origin(hint)
    if origin is None or origin is Literal:
        return hint
    arguments = tuple(map(_flat, get_args(hint)))
    return reduce(or_, arguments) if origin in (Union, UnionType) else origin[arguments]
