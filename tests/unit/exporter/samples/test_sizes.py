from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from pocketfit.exporter.samples.sizes import dimensions_of, sizes_of, told_sizes
from pocketfit.records import Dimension, InputSpec, ModelSpec

T, B, ONE = Dimension(1, "T", 1, 512), Dimension(0, "B", 2, 4), Dimension(2, "ONE", 3, 3)


@dataclass
class Shaped:
    """All that is asked of a tensor here."""

    shape: tuple[int, ...]


def spec(*dimensions: Dimension, shape: tuple[int, ...] = (4, 512, 3)) -> ModelSpec:
    return ModelSpec("net", "net.py:net", inputs=(InputSpec(shape, dimensions=dimensions),))


@pytest.mark.parametrize(
    ("dimensions", "sizes"),
    [
        ((), []),
        ((ONE,), []),
        ((T,), [{"T": 1}, {"T": 256}, {"T": 512}]),
        ((Dimension(0, "D", 1, 2),), [{"D": 1}, {"D": 2}]),
        ((T, B), [{"T": 1, "B": 2}, {"T": 256, "B": 3}, {"T": 512, "B": 4}, {"T": 1, "B": 4}]),
    ],
)
def test_the_bounds_and_one_between_are_checked(dimensions: tuple[Dimension, ...], sizes: list[dict[str, int]]) -> None:
    assert sizes_of(dimensions_of(spec(*dimensions).inputs)) == sizes


def test_inputs_of_a_callable_have_no_dimensions() -> None:
    assert dimensions_of("net:example") == {}
    assert dimensions_of(None) == {}


def test_a_reader_is_told_which_lengths_were_compared() -> None:
    golden: Any = (Shaped((4, 64, 3)),)
    assert told_sizes(spec(T, B, ONE), golden) == (
        "T may be 1 to 512: compared with eager at 1, 64, 256, 512",
        "B may be 2 to 4: compared with eager at 2, 3, 4",
    )
    assert told_sizes(spec(), golden) == ()
