from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields

import pytest

from pocketfit.flat import flat_type, inlined, published, unflattened


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0
    label: str = "secret"


@dataclass(frozen=True)
class Spot:
    name: str
    at: Point = field(metadata=inlined(without=("label",)))
    size: int = 1


@dataclass(frozen=True)
class Map:
    spots: tuple[Spot, ...]
    by_name: Mapping[str, Spot | None] = field(default_factory=dict)


def test_the_held_record_stands_beside_its_owners_fields() -> None:
    assert list(published(Spot("home", Point(1, 2)))) == [("name", "home"), ("x", 1), ("y", 2), ("size", 1)]
    assert [member.name for member in fields(flat_type(Spot)) if member.default is MISSING] == ["name", "x"]


def test_flat_values_become_the_records_again_however_deep() -> None:
    flat = flat_type(Spot)
    read = flat_type(Map)(
        spots=(flat(name="home", x=1), flat(name="away", x=2, y=3, size=4)),
        by_name={"x": flat(name="x", x=0), "y": None},
    )
    home, away = Spot("home", Point(1)), Spot("away", Point(2, 3), 4)
    assert unflattened(read) == Map((home, away), {"x": Spot("x", Point(0)), "y": None})


def test_what_is_not_published_can_not_be_given() -> None:
    with pytest.raises(TypeError, match="label"):
        flat_type(Spot)(name="home", x=1, label="public")
