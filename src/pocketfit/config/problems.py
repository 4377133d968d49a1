"""What is wrong with a configuration: each problem at its place, in a sentence that says what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pocketfit.config.inputs import DimensionTable, InputTable
from pocketfit.config.instead import OF_TENSORS, instead
from pocketfit.config.tables import FileTable, known_keys, table_at
from pocketfit.config.toml import Place, dotted, written, written_key
from pocketfit.text import near_word

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# Of so many the better line is looked for, which takes a look at the whole document each time.
MANY = 100
# By pydantic's names of what it found.
UNKNOWN, MISSING = "extra_forbidden", "missing"
KINDS = {
    "list_type": "be a list",
    "string_type": "be text",
    "int_type": "be a whole number",
    "float_type": "be a number",
    "bool_type": "be true or false",
    "dict_type": "be a table",
    "model_type": "be a table",
    "model_attributes_type": "be a table",
    "too_short": "not be empty",
    "string_too_short": "not be empty",
}
BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the value at `place` of a document; `said` is the sentence after the place."""

    place: Place
    said: str


def problems_of(raw: Any) -> tuple[FileTable | None, list[Problem]]:
    """The tables of a document, or all that is wrong with it."""
    try:
        return FileTable.model_validate(raw), []
    except ValidationError as error:
        first: dict[Place, ErrorDetails] = {}
        for problem in error.errors():
            first.setdefault(_place(problem, raw), problem)
        mistyped = {(*place[:-1], _meant_key(place)) for place, one in first.items() if one["type"] == UNKNOWN}
        return None, [
            Problem(place, _sentence(problem, place, raw, thorough=number < MANY))
            for number, (place, problem) in enumerate(first.items())
            if problem["type"] != MISSING or place not in mistyped
        ]


def _place(problem: ErrorDetails, raw: Any) -> Place:
    """The key that is wrong, as the file has it: pydantic names the members of unions too, and items of lists."""
    place: list[str | int] = []
    here: Any = raw
    for part in problem["loc"]:
        in_table = isinstance(here, Mapping) and part in here
        in_list = isinstance(here, list) and isinstance(part, int)
        if in_table or in_list:
            here = here[part]
            place.append(part)
    if problem["type"] == MISSING:
        return (*place, problem["loc"][-1])
    while place and isinstance(place[-1], int):
        place.pop()
    return tuple(place)


def _sentence(problem: ErrorDetails, place: Place, raw: Any, *, thorough: bool) -> str:
    kind = problem["type"]
    if kind == UNKNOWN:
        near = _meant_key(place)
        return "unknown key; " + (f"did you mean {near!r}?" if near else f"known here: {_known(place)}")
    example = _example(place)
    if kind == MISSING:
        return f"it is missing: add {_line(place, example)}"
    if kind == "value_error":
        return problem["msg"].removeprefix("Value error, ")
    better, why = example, ""
    if thorough:
        better, why = instead(place, _at(raw, place), example, lambda other: _cures(raw, place, other))
    return f"{_what(problem, place)}{why}: write {_line(place, better)}"


def _what(problem: ErrorDetails, place: Place) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    is_item = bool(place) and problem["loc"][-1] != place[-1]
    if kind in BOUNDS:
        words, name = BOUNDS[kind]
        return f"{'each' if is_item else 'it'} must be {words} {context.get(name)}"
    if kind == "too_long":
        return f"it has more than {context.get('max_length')} items"
    if place and place[-1] in OF_TENSORS:
        return "it must be a list of tables"
    return f"{'each' if is_item else 'it'} must {KINDS.get(kind, 'be of another kind')}"


def _meant_key(place: Place) -> str | None:
    return near_word(str(place[-1]), known_keys(place[:-1]))


def _known(place: Place) -> str:
    return ", ".join(known_keys(place[:-1]))


def _line(place: Place, value: Any) -> str:
    """The line to write; a table that has a heading of its own is written as that and its keys."""
    if place in ((), ("models",)):
        name, value = next(iter(value.items()))
        place = ("models", name)
    if isinstance(value, Mapping) and place[:-1] in ((), ("models",)):
        pairs = " and ".join(f"{written_key(str(name))} = {written(item)}" for name, item in value.items())
        return f"[{dotted(place)}] with {pairs}"
    return f"{written_key(str(place[-1]))} = {written(value)}"


def _example(place: Place) -> Any:
    """What the key's own table has as an example, or what a name of the user's stands for."""
    models = FileTable.model_fields["models"].examples
    assert models is not None
    if place in ((), ("models",)):
        return models[0]
    if len(place) == 2 and place[0] == "models":
        return next(iter(models[0].values()))
    table = table_at(place[:-1])
    field = table.model_fields.get(str(place[-1])) if table else None
    if table is InputTable and field is None:
        return {
            name: field.examples[0]
            for name, field in DimensionTable.model_fields.items()
            if field.is_required() and field.examples
        }
    # All others that people name are environment variables.
    return field.examples[0] if field is not None and field.examples else "text"


def _at(raw: Any, place: Place) -> Any:
    for part in place:
        raw = raw[part]
    return raw


def _cures(raw: Any, place: Place, value: Any) -> bool:
    """Tell whether nothing is wrong at this place any more where it has this value."""
    changed = _replaced(raw, place, value)
    try:
        FileTable.model_validate(changed)
    except ValidationError as error:
        return not any(_place(problem, changed)[: len(place)] == place for problem in error.errors())
    return True


def _replaced(raw: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    first, *rest = place
    inner = _replaced(raw[first], tuple(rest), value)
    if isinstance(raw, list):
        return [inner if index == first else item for index, item in enumerate(raw)]
    return {**raw, first: inner}
