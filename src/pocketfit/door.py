"""The one door for what others say: JSON by a child, a saved file or the device's program, as records of ours.

Whatever comes through is of the types that the records name, has no NaN and no infinity, whole numbers within 64
bits, no more items and no longer texts than makes sense, and every text on one line without anything invisible.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from pocketfit.text import clean

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError
    from pydantic_core import ErrorDetails

LARGEST_INT = 2**63 - 1
# The layers of a large network are some thousands.
MANY_ITEMS = 20_000
# What a reader takes in; and what of a program's own message is searched for its gist.
LONGEST_TEXT, LONGEST_MESSAGE = 2_000, 200_000
# pydantic puts these into the place of what is wrong.
OUTCOME_KINDS = frozenset({"Built", "Failed", "Skipped"})


class NotFit(ValueError):
    """What was said can't be taken: one sentence on one line, which names the key."""


def let_in(kind: Any, data: bytes | str, *, tag: str = "", messages: frozenset[str] = frozenset()) -> Any:
    """Read JSON as `kind`, a record or, with `tag`, a union of records that this field of theirs tells apart.

    The texts under keys of `messages` keep their lines, for who looks for something in them. Raises NotFit.
    """
    from pydantic import ValidationError

    try:
        value = _adapter(kind, tag).validate_json(data)
    except ValidationError as error:
        raise NotFit(clean(_first_problem(error, tag))) from error
    if value is None:
        raise NotFit(f"it is null, not a {kind.__name__.lower()}")
    return fit(value, messages=messages)


def fit(value: Any, key: str = "", messages: frozenset[str] = frozenset()) -> Any:
    """The same value with every text cleaned; raises NotFit for numbers and lengths that make no sense."""
    match value:
        case bool():
            return value
        case str():
            if key.rpartition(".")[2] in messages:
                return value[:LONGEST_MESSAGE]
            return clean(value, LONGEST_TEXT)
        case int():
            if abs(value) > LARGEST_INT:
                raise NotFit(f"{clean(key)} is a larger number than makes sense")
            return value
        case Mapping():
            _check_length(value, key)
            fitted = {
                clean(str(name), LONGEST_TEXT): fit(item, f"{key}.{name}".lstrip("."), messages)
                for name, item in value.items()
            }
            if len(fitted) < len(value):
                raise NotFit(f"{clean(key)} has two keys that look the same")
            return fitted
        case tuple():
            _check_length(value, key)
            return tuple(fit(item, f"{key}[{index}]", messages) for index, item in enumerate(value))
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            fitted = {name: fit(item, f"{key}.{name}".lstrip("."), messages) for name, item in fields.items()}
            return dataclasses.replace(value, **fitted)
    return value


def _check_length(items: Mapping[Any, Any] | tuple[Any, ...], key: str) -> None:
    if len(items) > MANY_ITEMS:
        raise NotFit(f"{clean(key)} has {len(items):,} items, more than {MANY_ITEMS:,}")


@cache
def _adapter(kind: Any, tag: str) -> TypeAdapter[Any]:
    from typing import Annotated

    from pydantic import ConfigDict, Field, TypeAdapter

    # pydantic takes no configuration for a dataclass that isn't its own, but takes one for "it or None",
    # and hands it on to all that is inside: so the records need to know nothing of pydantic.
    wanted = Annotated[kind, Field(discriminator=tag)] if tag else kind | None
    return TypeAdapter(cast(Any, wanted), config=ConfigDict(strict=True, extra="forbid", allow_inf_nan=False))


def _first_problem(error: ValidationError, tag: str) -> str:
    problems = error.errors(include_url=False, include_context=False)
    # An outcome is tried as Built, Failed and Skipped; where its `state` says which it is, only that counts.
    others = {place[:-1] for problem in problems if _is_state_of_an_outcome(place := problem["loc"])}
    relevant = [problem for problem in problems if not any(_is_inside(problem, other) for other in others)]
    return _sentence((relevant or problems)[0], bool(tag))


def _is_state_of_an_outcome(place: tuple[int | str, ...]) -> bool:
    """Tell an outcome's own `state` from an operator or a model that is called so."""
    return len(place) == 4 and place[0] == "outcomes" and place[2] in OUTCOME_KINDS and place[3] == "state"


def _is_inside(problem: ErrorDetails, place: tuple[int | str, ...]) -> bool:
    return problem["loc"][: len(place)] == place


def _sentence(problem: ErrorDetails, tagged: bool) -> str:
    key, message = _key(problem["loc"][1:] if tagged else problem["loc"]), problem["msg"]
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
