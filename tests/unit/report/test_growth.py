from __future__ import annotations

import pytest

from pocketfit.report.growth import grew_most


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        ({"conv1": 100}, {"conv1": 100}, None),
        ({}, {}, None),
        ({"conv1": 100}, {"conv1": 100, "fc": 1_200_000}, "grew most: fc (+1.20 MB)"),
        ({"conv1": 100, "fc": 1_200_000}, {"conv1": 100}, "shrank most: fc (-1.20 MB)"),
        ({"a": 100, "b": 100}, {"a": 300, "b": 50}, "changed most: a (+200 B), b (-50 B)"),
        # A twentieth of the change, and no more than three.
        ({}, {"a": 1000, "b": 900, "c": 800, "d": 700}, "grew most: a (+1.00 kB), b (+900 B), c (+800 B)"),
        ({}, {"a": 1000, "b": 10}, "grew most: a (+1.00 kB)"),
        ({"": 4}, {"": 8}, "grew most: the model's own (+4 B)"),
    ],
)
def test_grew_most(base: dict[str, int], head: dict[str, int], said: str | None) -> None:
    assert grew_most(base, head) == said
