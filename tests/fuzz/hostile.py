"""Documents that somebody damaged: the same from the same seed, so that a find is a number."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Test = TypeVar("Test", bound=Callable[..., None])

EXAMPLES = int(os.environ.get("POCKETFIT_HOSTILE_EXAMPLES", "60"))
NUMBERS: list[Any] = [
    *(0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400, True, False),
    *(0.0, -0.0, 0.5, 5e-324, 1.8e308, -1e308, float("nan"), float("inf"), float("-inf")),
]
TEXTS = [
    *("", " ", "x" * 5_000, "aten::add", "net", "0.bin", "../../etc/passwd", "/etc/passwd", "a/b", "float32", "O", "NaN"),
    *("::error::x\n::add-mask::y", "##[group]x", "\x1b]52;c;YQ==\x07", "\x1b[31m", "\u202eevil", "\ud800", "\x00", "\u2028"),
    *("<script>", "](javascript:x)", "@octocat", "#1", "| a | b |", "`", "&#60;", "<!-- pocketfit:default -->", "{{ 7*7 }}"),
    *("a" * 40, "fail", "exported", "unfit", "built", "passed", "compared", "base: ", " could not be judged: ", "10" * 3_000),
]  # fmt: skip
SHAPES: list[Any] = [None, [], {}, [[]], [[[[[[]]]]]], {"state": "unfit"}, {"": {}}, [1] * 300, ["x"] * 300]


def fuzzed(test: Test) -> Test:
    """Run a test with many seeds, as many as POCKETFIT_HOSTILE_EXAMPLES says."""
    many = settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    return many(given(seed=st.integers(0, 2**48))(test))  # type: ignore[return-value]


def anything(dice: random.Random) -> Any:
    return copy.deepcopy(dice.choice(dice.choice([NUMBERS, TEXTS, SHAPES])))


def damaged(document: Any, dice: random.Random) -> Any:
    """A copy in which up to six places are replaced, removed, repeated, swapped or added to."""
    whole = {"": copy.deepcopy(document)}
    for _ in range(dice.randint(0, 6)):
        holder, key = dice.choice(list(_places(whole)))
        match dice.randrange(6):
            case 0 if holder is not whole:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case 2 if isinstance(holder, dict):
                holder[str(dice.choice(TEXTS))] = anything(dice)
            case 3:
                _, other = dice.choice(list(_places(whole)))
                holder[key] = other if isinstance(other, str) else anything(dice)
            case _:
                holder[key] = anything(dice)
    return whole[""]


def damaged_json(document: Any, dice: random.Random) -> bytes:
    """The same as JSON, at times damaged as bytes too."""
    data = json.dumps(damaged(document, dice), ensure_ascii=dice.random() < 0.9)
    return damaged_bytes(data.encode("utf-8", "surrogatepass"), dice, 0.2)


def damaged_bytes(data: bytes, dice: random.Random, chance: float = 1.0) -> bytes:
    """Bytes with some replaced, removed or repeated."""
    if dice.random() > chance or not data:
        return data
    changed = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(changed) + 1)
        length = dice.choice([0, 1, 1, 2, 4, 30])
        piece = dice.choice(
            [b"", dice.randbytes(1), dice.randbytes(4), bytes(changed[:40]), b"\xff\xff\xff\xff", b"\0"]
        )
        changed[at : at + length] = piece
    return bytes(changed)


def _places(value: Any) -> Any:
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from _places(value[key])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from _places(item)


def one_line(said: object) -> str:
    """The sentence, which has to be one line that does nothing to a terminal."""
    text = str(said)
    assert text.isprintable(), text
    return text
