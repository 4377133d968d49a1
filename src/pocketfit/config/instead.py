"""What to write instead of a value of the wrong kind: the same in the right one, where that can be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pocketfit.config.toml import Place, written
from pocketfit.records import INPUT_DTYPES

# A line of more is no help.
LONGEST_VALUE = 200
# 1,3,224,224 or 1x3x224x224, and perhaps a dtype after a colon.
SHAPE = re.compile(
    r"\s*[\[(]?\s*([0-9]{1,10}(?:\s*[,x\N{MULTIPLICATION SIGN}]\s*[0-9]{1,10})*)\s*,?\s*[\])]?\s*(?::\s*(\w+)\s*)?"
)
LENGTH = re.compile(r"-?[0-9]{1,10}")
PERCENT = re.compile(r"\s*([0-9]{1,2}(?:\.[0-9]+)?)\s*%?\s*")
TRUE = ("true", "yes", "on", "1")
# The key of a table that somebody who wrote a plain value meant.
MEANT_KEY = {"prune": "amount", "limits": "size", "device": "kind", "size_growth_over": "growth"}
OF_TENSORS = ("inputs", "check_inputs")


def instead(place: Place, value: Any, example: Any, cures: Callable[[Any], bool]) -> tuple[Any, str]:
    """The value to write at `place`, and words on how it came about, which may be none.

    `example` is of the right kind, and what is given where nothing else `cures` the document.
    """
    for better, why in _meant(place, value, example):
        if len(written(better)) <= LONGEST_VALUE and cures(better):
            return better, why
    return example, ""


def tensors_meant(value: Any) -> list[dict[str, Any]] | None:
    """The tables of inputs that a shape in other words is meant for: "1,3,32,32", [1, 3] or a lone table."""
    if isinstance(value, Mapping):
        return [dict(value)]
    if isinstance(value, list):
        if value and all(type(item) is int for item in value):
            return [{"shape": value}]
        several = [tensors_meant(item) for item in value]
        return [table for tables in several if tables for table in tables] if all(several) else None
    if isinstance(value, str):
        # Each input of several, as the action's input-shape has them.
        found = [SHAPE.fullmatch(text) for text in value.split(";")]
        return [_tensor(match) for match in found if match] if all(found) else None
    return None


def _tensor(match: re.Match[str]) -> dict[str, Any]:
    shape = [int(length) for length in re.findall(r"[0-9]+", match[1])]
    return {"shape": shape, "dtype": match[2]} if match[2] in INPUT_DTYPES else {"shape": shape}


def _meant(place: Place, value: Any, example: Any) -> Iterator[tuple[Any, str]]:
    """What the value may have been meant for, the likeliest first."""
    key = str(place[-1]) if place else ""
    if key in OF_TENSORS:
        if tables := tensors_meant(value):
            yield tables, ""
        return
    match example:
        case bool():
            yield str(value).strip().lower() in TRUE, ""
        case list():
            if items := _list(value, of_numbers=type(example[0]) is int):
                yield items, ""
        case Mapping():
            yield from _table(place, key, value, example)
        case int() | float():
            yield from _number(value)
        case str():
            for text in _texts(value):
                # What stands for a number by itself names no callable.
                if ":" in text or ":" not in example:
                    yield text, ""


def _list(value: Any, *, of_numbers: bool) -> list[Any]:
    if of_numbers:
        items = value if isinstance(value, list) else re.findall(r"[0-9]{1,10}", str(value))
        # A length that is not known beforehand is often written as -1.
        return [max(int(item), 1) for item in items if LENGTH.fullmatch(str(item).strip())]
    items = value if isinstance(value, list) else re.split(r"[\s,;]+", str(value).strip(" ,;[]"))
    return [str(item).strip("'\"") for item in items if isinstance(item, str | int | float)]


def _table(place: Place, key: str, value: Any, example: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    if isinstance(value, list) and all(isinstance(item, str) and "=" in item for item in value):
        yield {name.strip(): text.strip() for name, _, text in (item.partition("=") for item in value)}, ""
    inner = "source" if len(place) == 2 and place[0] == "models" else MEANT_KEY.get(key)
    if inner is None:
        return
    for plain, why in _number(value) if inner == "amount" else ((value, ""),):
        yield {inner: plain}, why


def _number(value: Any) -> Iterator[tuple[Any, str]]:
    if isinstance(value, str):
        digits = value.strip().replace("_", "")
        if re.fullmatch(r"[0-9]{1,15}", digits):
            yield int(digits), ""
        elif re.fullmatch(r"[0-9]{0,15}\.?[0-9]{1,15}(e-?[0-9]{1,2})?", digits):
            yield float(digits), ""
    elif type(value) is float and value.is_integer():
        yield int(value), ""
    elif type(value) in (int, float):
        yield value, ""
    if not isinstance(value, bool) and (match := PERCENT.fullmatch(str(value))) and float(match[1]) > 1:
        yield round(float(match[1]) / 100, 6), f", and {match[1]} % is {round(float(match[1]) / 100, 6)}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list) and len(value) == 1:
        yield from _texts(value[0])
    elif isinstance(value, bool | str | int | float):
        yield value if isinstance(value, str) else written(value)
