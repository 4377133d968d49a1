"""Writes limits of a model into a configuration, and leaves all else of the file as somebody wrote it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from pocketfit.config.toml import Place, dotted, written
from pocketfit.errors import ConfigError

SPACED_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) \}")


def with_limits(text: str, model: Place, limits: Mapping[str, Any], until: date | None, today: date) -> str:
    """Give the document with these limits of the model whose table is at `model`: as an exception that ends with the
    day `until`, or for good.

    Comments and the order of keys stay. Raises ConfigError where the file is written in a way that can't be kept so,
    with what to write by hand.
    """
    wanted = tomllib.loads(text)
    table = _at(wanted, model)
    before = deepcopy(table.get("limits", {}))
    table["limits"] = after = _changed(before, limits, until, today)
    # tomlkit gives new lines the ending that it knows.
    returns = "\r\n" in text
    try:
        plain = text.replace("\r\n", "\n") if returns else text
        result = _with_spaces(_edited(plain, model, before, after), plain)
        is_right = tomllib.loads(result) == wanted
    # It raises errors of many kinds where tables of a model are spread over the file.
    except Exception:
        is_right = False
    if not is_right:
        lines = "; ".join(f"{key} = {written(value)}" for key, value in after.items() if before.get(key) != value)
        where = dotted((*model, "limits"))
        raise ConfigError(f"the file can't be changed without writing it anew: under [{where}] write {lines}")
    return result.replace("\n", "\r\n") if returns else result


def _edited(text: str, model: Place, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    table = _at(document, model)
    if "limits" in table:
        _set(table, "limits", before, after)
    else:
        table["limits"] = tomlkit.table()
        _apply(table["limits"], before, after)
    return _before_comments(text, tomlkit.dumps(document))


def _with_spaces(text: str, before: str) -> str:
    """Give dates that end a table on one line the space back that tomlkit 0.15 takes from them."""
    for day in dict.fromkeys(SPACED_DAY.findall(before)):
        text = text.replace(f"{day}}}", f"{day} }}") if f"{day}}}" not in before else text
    return text


def _before_comments(before: str, after: str) -> str:
    """Move lines that were added from below a comment on the next table to above it; a table that was added gets a
    blank line on both sides.
    """
    old, new = before.splitlines(), after.splitlines()
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for kind, _, _, start, end in changes:
        added = [line for line in new[start:end] if line.strip()]
        if kind != "insert" or not added:
            continue
        above, below = _without_blank_end(new[:start]), new[end:]
        comment = len(above)
        while comment and above[comment - 1].startswith("#"):
            comment -= 1
        # What stands right under a key may be about that key.
        if comment < len(above) and below and not above[comment - 1].strip():
            above, below = _without_blank_end(above[:comment]), ["", *above[comment:], *below]
        if added[0].startswith("["):
            added = ["", *added, ""]
            while below and not below[0].strip():
                below = below[1:]
        elif new[:start] and not new[start - 1].strip() and below and below[0].strip():
            below = ["", *below]
        return "\n".join(_without_blank_end([*above, *added, *below])) + "\n"
    return after


def _without_blank_end(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def _changed(before: Mapping[str, Any], limits: Mapping[str, Any], until: date | None, today: date) -> dict[str, Any]:
    accepted = before.get("accepted")
    if until is not None:
        # One that is over accepts nothing any more, and would come to life again.
        kept = accepted if accepted and _day(accepted["until"]) >= today else {}
        return {**before, "accepted": {"until": until, **kept, **limits} | {"until": until}}
    after = {**before, **limits}
    if accepted:
        kept = {key: value for key, value in accepted.items() if key not in limits}
        after["accepted"] = kept
        if kept.keys() <= {"until"}:
            del after["accepted"]
    return after


def _day(written: str | date) -> date:
    return date.fromisoformat(written) if isinstance(written, str) else written


def _apply(table: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Make a table of the document hold `after`; what stays as it is keeps its form."""
    for key in before.keys() - after.keys():
        del table[key]
    for key, value in after.items():
        if before.get(key) != value:
            _set(table, key, before.get(key), value)


def _set(table: Any, key: str, before: Any, after: Any) -> None:
    import tomlkit
    from tomlkit.items import InlineTable

    if not isinstance(after, Mapping):
        table[key] = after
    elif before is None or (isinstance(table[key], InlineTable) and _is_ours(table[key], before, after)):
        table[key] = tomlkit.value(written(after))
    else:
        _apply(table[key], before, after)


def _is_ours(table: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a table on one line has the spaces that we write, which tomlkit would change, or keeps nothing."""
    return table.as_string() == written(before) or not any(before.get(key) == value for key, value in after.items())


def _at(document: Any, place: Place) -> Any:
    for part in place:
        document = document[part]
    return document
