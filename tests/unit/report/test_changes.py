from __future__ import annotations

from collections.abc import Mapping

import pytest

from pocketfit.records import Anatomy, Built, Export, Parity, Row, SideFacts, Variant
from pocketfit.report.changes import beside_fp32, explain, grew_most

NET = Variant("net", "lite", "fp32")


def built(ops: Mapping[str, int], macs: Mapping[str, int]) -> Built:
    return Built(NET, "net.ptl", 1, 1, "", Export(1, ops, (), (), (), Parity(), anatomy=Anatomy(macs=macs)))


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        (built({"aten::conv2d": 52}, {"a": 5}), built({"aten::conv2d": 52}, {"a": 5}), None),
        (
            built({"aten::conv2d": 52}, {"features.17": 10**8, "features.18": 10**8}),
            built({"aten::conv2d": 54}, {"features.17": 10**8, "features.18": 131_000_000}),
            "operators: +2 aten::conv2d; MACs: +31.0 M (features.18 +31.0 M)",
        ),
        (
            built({name: 1 for name in "abcde"}, {}),
            built({}, {"features": 10}),
            "operators: -1 a, -1 b, -1 c and 2 more",
        ),
        (
            built({}, {"": 5_000, "old": 2_000_000_000}),
            built({}, {"": 4_900, "new": 1_000}),
            "MACs: -2.0 G (old -2.0 G, new +1.0 k, the model's own -100)",
        ),
    ],
)
def test_operators_and_macs_that_came_or_went_stand_beside_a_change_in_speed(
    base: Built, head: Built, said: str | None
) -> None:
    assert explain(base, head) == said


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        ({"conv1": 100}, {"conv1": 100}, None),
        ({}, {}, None),
        ({"conv1": 100}, {"conv1": 100, "fc": 1_200_000}, "grew most: fc (+1.20 MB)"),
        ({"conv1": 100, "fc": 1_200_000}, {"conv1": 100}, "shrank most: fc (-1.20 MB)"),
        ({"a": 100, "b": 100}, {"a": 300, "b": 50}, "changed most: a (+200 B), b (-50 B)"),
        (
            {"a": 1000},
            {f"p{one}": 40 for one in range(30)},
            "changed most: a (-1.00 kB)",
        ),
        # A twentieth of the change, and no more than three.
        ({}, {"a": 1000, "b": 900, "c": 800, "d": 700}, "grew most: a (+1.00 kB), b (+900 B), c (+800 B)"),
        ({}, {"a": 1000, "b": 10}, "grew most: a (+1.00 kB)"),
        ({"": 4}, {"": 8}, "grew most: the model's own (+4 B)"),
    ],
)
def test_the_modules_that_changed_most_are_named(base: dict[str, int], head: dict[str, int], said: str | None) -> None:
    assert grew_most(base, head) == said


def facts(size: int) -> SideFacts:
    return SideFacts(size, size, "aa", 1, {})


def row(precision: str, head: int | None, base: int | None = None, model: str = "net") -> Row:
    return Row(
        model,
        "lite",
        precision,
        "compared",
        base=None if base is None else facts(base),
        head=None if head is None else facts(head),
    )


@pytest.mark.parametrize(
    ("size", "reasons"),
    [
        (253, ()),
        (950, ()),
        (951, ("4.9 % smaller than in fp32: int8-dynamic gains little here",)),
        (996, ("0.4 % smaller than in fp32: int8-dynamic gains little here",)),
        (1000, ("as large as in fp32: int8-dynamic gains nothing here",)),
        (1030, ("3.0 % larger than in fp32: int8-dynamic gains nothing here",)),
    ],
)
def test_a_small_gain_over_fp32_is_a_reason(size: int, reasons: tuple[str, ...]) -> None:
    fp32, other = beside_fp32([row("fp32", 1000), row("int8-dynamic", size)])
    assert fp32.head
    assert (fp32.reasons, fp32.head.fp32_ratio) == ((), None)
    assert other.head
    assert (other.reasons, other.head.fp32_ratio) == (reasons, size / 1000)


def test_a_tiny_gain_is_not_rounded_away() -> None:
    _, other = beside_fp32([row("fp32", 1_000_000), row("int8-dynamic", 999_999)])
    assert other.reasons == ("<0.1 % smaller than in fp32: int8-dynamic gains little here",)


def test_each_side_stands_beside_its_own_fp32() -> None:
    _, other = beside_fp32([row("fp32", 1000, base=800), row("int8", 250, base=400)])
    assert other.head
    assert other.base
    assert (other.head.fp32_ratio, other.base.fp32_ratio) == (0.25, 0.5)


def test_a_row_without_fp32_beside_it_stays_as_it_is() -> None:
    """Another model's fp32, none at all, or a side without an artifact."""
    alone = [row("fp32", 1000, model="other"), row("int8", 999), row("fp16", None)]
    assert beside_fp32(alone) == tuple(alone)
    failed = [row("fp32", None, base=1000), row("int8", 999)]
    assert beside_fp32(failed) == tuple(failed)
