from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketfit.config.toml import Place, dotted, lines_of, written
from tests.fuzz.hostile import damaged_bytes

EVERYTHING = '''\
# a comment = 1
title = "x"   # and [another]
site."google.com" = true
'lit\\eral' = 1
"qu\\"oted] = key" = 2

[models.net]
source = "net.py:net"
inputs = [
  # inside
  { shape = [1, 3], dtype = "int64" }, { shape = [
    1,
    2 ] },
]
limits.size = 1
text = """
[not.a.table]
key = "no"
"""
raw = \'\'\'
quoted = \'\'x\'\'
\'\'\'
after = 1

[ models . "a.b" ]
source = 'x # no comment'
when = 1979-05-27 07:32:00
numbers = [ 1.5, inf, 0x10, ]

[[runs]]
name = "one"
[[runs.steps]]
name = "a"
[[runs.steps]]
name = "b"
[[runs]]
name = "two"
[[runs.steps]]
name = "c"
[runs.last]
deep = { a = { b = [[1], [2]] }, "c d" = 1 }
'''
LINES: dict[Place, int] = {
    ("title",): 2,
    ("site", "google.com"): 3,
    ("lit\\eral",): 4,
    ('qu"oted] = key',): 5,
    ("models", "net"): 7,
    ("models", "net", "source"): 8,
    ("models", "net", "inputs"): 9,
    ("models", "net", "inputs", 0): 11,
    ("models", "net", "inputs", 0, "dtype"): 11,
    ("models", "net", "inputs", 1, "shape"): 11,
    ("models", "net", "inputs", 1, "shape", 1): 13,
    ("models", "net", "limits", "size"): 15,
    ("models", "net", "text"): 16,
    ("models", "net", "raw"): 20,
    ("models", "net", "after"): 23,
    ("models", "a.b"): 25,
    ("models", "a.b", "when"): 27,
    ("models", "a.b", "numbers", 2): 28,
    ("runs",): 30,
    ("runs", 0, "name"): 31,
    ("runs", 0, "steps", 0, "name"): 33,
    ("runs", 0, "steps", 1, "name"): 35,
    ("runs", 1, "name"): 37,
    ("runs", 1, "steps", 0, "name"): 39,
    ("runs", 1, "last", "deep", "a", "b", 1): 41,
    ("runs", 1, "last", "deep", "c d"): 41,
}


@pytest.mark.parametrize("place", LINES, ids=dotted)
def test_each_key_has_its_line(place: Place) -> None:
    assert lines_of(EVERYTHING)[place] == LINES[place]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*place, key)
        yield from places(item, (*place, key))


def test_no_other_places_than_those_of_the_document() -> None:
    found, there = set(lines_of(EVERYTHING)), set(places(tomllib.loads(EVERYTHING)))
    assert found <= there
    # What only stands in the name of a heading, or in front of a dot, is the rest.
    assert there - found == {("models",), ("site",)} - found


KEYS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
VALUES = st.recursive(
    st.one_of(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), st.integers(-99, 99), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_is_written_is_read_again(document: dict[str, Any]) -> None:
    text = "\n".join(f"{written({key: value})[2:-2]}" for key, value in document.items())
    assert tomllib.loads(text) == document
    assert set(lines_of(text)) == set(places(document))
    for number, key in enumerate(document, 1):
        assert lines_of(text)[(key,)] == number


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (("models", "net", "inputs", 0, "shape"), "models.net.inputs.0.shape"),
        (("models", "a.b", "source"), 'models."a.b".source'),
        ((), ""),
    ],
)
def test_a_place_as_one_reads_it(place: Place, text: str) -> None:
    assert dotted(place) == text


@given(st.integers(0, 2**32))
def test_of_a_document_that_was_damaged_and_still_is_one(seed: int) -> None:
    data = damaged_bytes(EVERYTHING.encode(), random.Random(seed))
    try:
        text = data.decode()
        document = tomllib.loads(text)
    except ValueError:
        return
    # As it is read from a file.
    text = text.replace("\r\n", "\n")
    assert set(lines_of(text)) <= set(places(document))
