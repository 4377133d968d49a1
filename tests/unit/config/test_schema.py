"""docs/schema/pocketfit.schema.json is what the tables give, and says of a value what they say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketfit.config import parse_config
from pocketfit.config.names import is_model_name
from pocketfit.config.parts import BYTES, PERCENT_TEXT, SIZE_TEXT
from pocketfit.config.schema import SCHEMA_URL, json_schema
from pocketfit.config.tables import TABLES, known_keys
from pocketfit.config.toml import written
from pocketfit.errors import ConfigError
from pocketfit.formats import FORMATS, PRECISIONS
from pocketfit.units import parse_growth, parse_percent, parse_size
from tools.write_schema import SCHEMA_FILE, schema_text

SCHEMA = json_schema()
MODEL = SCHEMA["properties"]["models"]["additionalProperties"]


def test_the_published_schema_is_that_of_the_code() -> None:
    assert SCHEMA_FILE.read_text() == schema_text(), "run make schema"
    assert SCHEMA_URL.endswith(f"/docs/schema/{SCHEMA_FILE.name}")
    assert SCHEMA["$id"] == SCHEMA_URL


def tables(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each table with keys of its own in a schema, by the place of TABLES."""
    if "properties" in node:
        yield place, node
        for key, inner in node["properties"].items():
            yield from tables(inner, (*place, key))
        if node["additionalProperties"]:
            yield from tables(node["additionalProperties"], (*place, "*"))
    elif place == ("models",):
        yield from tables(node["additionalProperties"], ("models", "*"))
    for form in (*node.get("anyOf", ()), *([node["items"]] if "items" in node else ())):
        yield from tables(form, place)


def test_it_has_every_key_and_says_what_each_is() -> None:
    found = dict(tables(SCHEMA))
    assert set(found) == set(TABLES)
    for place, table in found.items():
        assert list(table["properties"]) == known_keys(["net" if part == "*" else part for part in place])
        assert bool(table["additionalProperties"]) is (place[-1:] == ("inputs",))
        for key, field in table["properties"].items():
            assert field["description"].endswith("."), key
            assert field["examples"], key


def test_it_is_in_one_piece_and_has_nothing_of_pythons() -> None:
    text = json.dumps(SCHEMA)
    assert not re.search(r'\$ref|\$defs|"null"|Table|: null', text)
    assert text.count('"title"') == 1


def test_every_example_is_taken() -> None:
    for place, table in tables(SCHEMA):
        for key, field in table["properties"].items():
            for example in field["examples"]:
                raw: dict[str, Any] = {"models": {"net": {"source": "net.py:net"}}}
                here: Any = raw
                if place[-2:] == ("inputs", "*"):
                    dimension = {"min": 1, "max": 512} | {key: example}
                    raw["models"]["net"]["inputs"] = [{"shape": ["T"], "T": dimension}]
                    parse_config(raw, "x")
                    continue
                for part in place:
                    name = "net" if part == "*" else part
                    new = {"shape": [1]} if "inputs" in name else {"amount": 0.5} if name == "prune" else {}
                    new = {"until": "2030-12-31", "size": 1} if name == "accepted" else new
                    new = {"growth": "5%"} if name == "size_growth_over" else new
                    here = here.setdefault(name, [new] if "inputs" in name else new)
                    here = here[0] if isinstance(here, list) else here
                if key == "low":
                    # Alone it bounds nothing.
                    here["high"] = example
                parse_config({**raw, key: example} if not place else (here.update({key: example}), raw)[1], "")


def test_words_are_lists_of_what_there_is() -> None:
    assert MODEL["properties"]["formats"]["items"]["enum"] == list(FORMATS)
    assert MODEL["properties"]["precisions"]["items"]["enum"] == list(PRECISIONS)
    assert MODEL["required"] == ["source"]
    assert SCHEMA["required"] == ["models"]
    pattern = SCHEMA["properties"]["models"]["propertyNames"]["pattern"]
    for name in ("net", "a.b-c_1", "-net", "a/b", "", "x" * 80, "x" * 81):
        assert bool(re.search(pattern, name)) == is_model_name(name)


def is_taken(parse: Callable[[str], Any], text: str) -> bool:
    try:
        parse(text)
    except ValueError as error:
        # A number of bytes that is not whole is one that no pattern can tell.
        return "whole number" in str(error)
    return True


NUMBERS = st.from_regex(r"\A ?[0-9]{1,3}(\.[0-9]{1,2})? ?(B|kB|KB|mb|MB|GB|MiB|%|k|)? ?\Z")


@given(st.one_of(NUMBERS, st.text("0123456789.,-+ %kKMmGgBbi", max_size=8)))
def test_the_patterns_take_what_the_readers_take(text: str) -> None:
    size, percent = (bool(re.search(form["pattern"], text)) for form in (SIZE_TEXT, PERCENT_TEXT))
    assert size == is_taken(parse_size, text)
    assert percent == is_taken(parse_percent, text)
    assert (size or percent) == is_taken(parse_growth, text) or "." in text


@pytest.mark.parametrize("number", [-1, 0, 48_000_000])
def test_bytes_may_be_a_number(number: int) -> None:
    assert (number >= BYTES["minimum"]) == is_taken(parse_size, written(number))


def test_a_growth_of_what_is_no_percentage() -> None:
    with pytest.raises(ConfigError, match=r"latency_growth: \"10\" is not a percentage"):
        parse_config({"models": {"net": {"source": "a:b"}}, "limits": {"latency_growth": 10}}, "")
