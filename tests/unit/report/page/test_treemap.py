from __future__ import annotations

import random

import pytest

from pocketfit.report.page.treemap import Rectangle, squarify


def test_the_example_of_its_authors() -> None:
    """Figure 4 of "Squarified Treemaps": 6, 6, 4, 3, 2, 2, 1 in 6 by 4."""
    placed = squarify([6, 6, 4, 3, 2, 2, 1], 6, 4)
    assert [(round(at.x, 3), round(at.y, 3), round(at.width, 3), round(at.height, 3)) for at in placed] == [
        (0, 0, 3, 2),
        (0, 2, 3, 2),
        (3, 0, 1.714, 2.333),
        (4.714, 0, 1.286, 2.333),
        (3, 2.333, 1.2, 1.667),
        (4.2, 2.333, 1.2, 1.667),
        (5.4, 2.333, 0.6, 1.667),
    ]


@pytest.mark.parametrize("seed", range(20))
def test_areas_are_as_the_sizes_and_none_overlap(seed: int) -> None:
    dice = random.Random(seed)
    sizes = sorted((dice.expovariate(1) ** 3 * 10**6 + 1 for _ in range(dice.randint(1, 60))), reverse=True)
    placed = squarify(sizes, 1000, 280)
    assert [at.width * at.height for at in placed] == pytest.approx([size / sum(sizes) * 280_000 for size in sizes])
    for place, one in enumerate(placed):
        assert one.x >= -1e-6
        assert one.y >= -1e-6
        assert one.x + one.width <= 1000 + 1e-6
        assert one.y + one.height <= 280 + 1e-6
        assert all(apart(one, other) for other in placed[:place])


def apart(one: Rectangle, other: Rectangle) -> bool:
    little = 1e-6
    return (
        one.x + one.width <= other.x + little
        or other.x + other.width <= one.x + little
        or one.y + one.height <= other.y + little
        or other.y + other.height <= one.y + little
    )


def test_nothing_has_no_rectangles() -> None:
    assert squarify([], 10, 10) == []


def test_the_smallest_beside_the_largest_has_a_place() -> None:
    placed = squarify([2.0**63, 1, 1], 1000, 280)
    assert len(placed) == 3
    assert placed[0].width == pytest.approx(1000)
