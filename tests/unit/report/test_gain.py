from __future__ import annotations

import pytest

from pocketfit.records import Row, SideFacts
from pocketfit.report.gain import beside_fp32


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
def test_what_is_said(size: int, reasons: tuple[str, ...]) -> None:
    fp32, other = beside_fp32([row("fp32", 1000), row("int8-dynamic", size)])
    assert fp32.head
    assert (fp32.reasons, fp32.head.fp32_ratio) == ((), None)
    assert other.head
    assert (other.reasons, other.head.fp32_ratio) == (reasons, size / 1000)


def test_a_tiny_gain_is_not_rounded_away() -> None:
    _, other = beside_fp32([row("fp32", 1_000_000), row("int8-dynamic", 999_999)])
    assert other.reasons == ("<0.1 % smaller than in fp32: int8-dynamic gains little here",)


def test_each_side_beside_its_own() -> None:
    _, other = beside_fp32([row("fp32", 1000, base=800), row("int8", 250, base=400)])
    assert other.head
    assert other.base
    assert (other.head.fp32_ratio, other.base.fp32_ratio) == (0.25, 0.5)


def test_nothing_to_stand_beside() -> None:
    """Another model's fp32, none at all, or a side without an artifact."""
    alone = [row("fp32", 1000, model="other"), row("int8", 999), row("fp16", None)]
    assert beside_fp32(alone) == tuple(alone)
    failed = [row("fp32", None, base=1000), row("int8", 999)]
    assert beside_fp32(failed) == tuple(failed)
