from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketfit.judge.limits import broken_limits
from pocketfit.judge.needed import ACCEPTABLE, Needed, needed, takes
from pocketfit.records import Growth, Latency, Limits, Memory, Metric, Row, Work
from pocketfit.units import parse_growth, parse_percent, parse_size
from tests.unit.report.samples import BROKEN, GREW, side
from tests.unit.report.test_compare import built


def row(before: int, after: int, **fields: Any) -> Row:
    return replace(GREW, base=side(before, before), head=side(after, after, "bb"), **fields)


PERCENT, BYTES = Limits(size_growth=Growth(ratio=0.01)), Limits(size_growth=Growth(size_bytes=10))


@pytest.mark.parametrize(
    ("limit", "one", "current", "written"),
    [
        ("size", row(1, 19_607_468), Limits(1), "19.7 MB"),
        ("size", row(1, 19_600_000), Limits(1), "19.6 MB"),
        ("size", row(1, 845), Limits(1), "845 B"),
        ("size", row(1, 999_600), Limits(1), "1 MB"),
        ("size_growth", row(13_995_123, 19_607_468), PERCENT, "41%"),
        ("size_growth", row(13_995_123, 19_607_468), BYTES, "5.62 MB"),
        ("size_growth", row(1000, 2137), PERCENT, "114%"),
        ("size_growth", row(100_000, 103_141), PERCENT, "3.2%"),
        ("size_growth", row(100_000_000, 100_000_001), PERCENT, "0.000001%"),
        ("size_growth", row(1000, 1070), PERCENT, "7%"),
        ("latency_growth", row(1, 2, latency=Latency("slower", ratio=1.332, ci_low=1.291)), Limits(), "34%"),
        ("latency_growth", row(1, 2, latency=Latency("slower", ci_low=1.291)), Limits(), None),
        ("metric_drop", row(1, 2, metric=Metric(0.99, 0.98, 0.961)), Limits(), 0.019),
        ("metric_drop", row(1, 2, metric=Metric(0.99, None, 0.961)), Limits(), 0.029),
        ("metric_drop", row(1, 2, metric=Metric(0.99, 0.98, None)), Limits(), None),
        ("metric_drop", row(1, 2, metric=None), Limits(), None),
        ("size_growth", replace(BROKEN, head=None), PERCENT, None),
        ("size", replace(BROKEN, head=None), PERCENT, None),
    ],
)  # fmt: skip
def test_the_smallest_round_limit(limit: str, one: Row, current: Limits, written: object) -> None:
    need = needed(limit, one, current)
    assert (need and need.written) == written


def with_memory(before: Memory, after: Memory) -> Row:
    return replace(GREW, base=replace(side(1, 1), memory=before), head=replace(side(1, 1, "bb"), memory=after))


def test_memory_and_work_are_of_what_was_measured() -> None:
    percent = Limits(peak_memory_growth=Growth(ratio=0.05), planned_memory_growth=Growth(ratio=0.0))
    grew = with_memory(Memory(100_000_000, 1000), Memory(112_000_000, 1500))
    assert written(needed("peak_memory_growth", grew, percent)) == "12%"
    assert written(needed("planned_memory_growth", grew, percent)) == "50%"
    in_bytes = Limits(peak_memory_growth=Growth(size_bytes=1))
    assert written(needed("peak_memory_growth", grew, in_bytes)) == "12 MB"
    from_nothing = with_memory(Memory(planned_bytes=0), Memory(planned_bytes=1500))
    assert needed("planned_memory_growth", from_nothing, percent) is None
    assert needed("planned_memory_growth", with_memory(Memory(), Memory(planned_bytes=1)), percent) is None
    work = Work(1_000_000, 500_000, 500_000, "arm64-v8a", "cortex-a76")
    assert GREW.base
    assert GREW.head
    more = replace(work, instructions=1_043_200, loaded_bytes=600_000)
    counted = replace(GREW, base=replace(GREW.base, work=work), head=replace(GREW.head, work=more))
    assert written(needed("instructions_growth", counted, Limits())) == "4.4%"
    assert written(needed("memory_traffic_growth", counted, Limits())) == "10%"
    assert needed("instructions_growth", GREW, Limits()) is None


def written(need: Needed | None) -> object:
    assert need
    return need.written


def test_what_is_computed_is_no_growth() -> None:
    assert not {"max_abs_diff", "min_sqnr_db", "old_failures", "minimum_change"} & set(ACCEPTABLE)


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.booleans())
def test_a_written_limit_takes_what_it_is_for_and_little_more(base: int, grew: int, percent: bool) -> None:
    """By the very code that judges a row."""
    current = PERCENT if percent else BYTES
    need = needed("size_growth", row(base, base + grew), current)
    assert need
    growth = parse_growth(str(need.written))
    limits = replace(current, size_growth=growth)
    before, after = built(base), built(base + grew, "bb")
    assert broken_limits(limits, before, after, (), Latency("same"), (Memory(), Memory())) == ()
    assert takes("size_growth", limits, need)
    more = Fraction(str(growth.ratio)) * base if percent else Fraction(growth.size_bytes or 0)
    assert more <= grew * Fraction(112, 100) or (percent and more - grew <= Fraction(base, 100))


@given(st.floats(1e-6, 1e6))
def test_round_numbers_are_never_below(value: float) -> None:
    exact = Fraction(str(value))
    assert Fraction(str(Needed(exact, "").written)) >= exact
    assert Fraction(str(parse_percent(str(Needed(exact, "%").written)))) >= exact
    assert parse_size(str(Needed(exact, "B").written)) >= exact


def test_whether_a_limit_takes_it_already() -> None:
    need = Needed(Fraction(5, 100), "%")
    assert [takes("size_growth", Limits(size_growth=Growth(ratio=ratio)), need) for ratio in (0.04, 0.05)] == [
        False,
        True,
    ]
    assert takes("size_growth", Limits(), need)
    assert [takes("size", Limits(size), Needed(Fraction(10), "B")) for size in (9, 10)] == [False, True]
