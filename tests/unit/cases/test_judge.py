"""The judge of the cases is judged: what is right passes, and what is not is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.expected import Demand, Expected, Rule, read_expected
from tests.cases.judge import differences
from tests.cases.rows import Row, folders


def test_a_row_as_expected_gives_nothing() -> None:
    rules = (Rule(("net/lite",), (Demand("passed", says=("pruned",), min_host_db=100),)),)
    assert said(Row("net/lite/fp32", "passed", ("pruned: 30 %",), 120.0), rules=rules) == []


@pytest.mark.parametrize(
    ("row", "demand", "difference"),
    [
        (Row("net/lite/fp32", "failed", ("no",)), Demand("passed"), "failed instead of passed (no)"),
        (Row("net/lite/fp32", "passed"), Demand(says=("past",)), "nothing says /past/"),
        (Row("net/lite/fp32", "passed", ("dropout?",)), Demand(never=("dropout",)), "says 'dropout?'"),
        (Row("net/lite/fp32", "passed", (), 7.0), Demand(min_host_db=12), "SQNR on the host is 7.0 dB, below 12 dB"),
        (Row("net/lite/fp32", "passed"), Demand(min_device_db=9), "SQNR on the device is not given, below 9 dB"),
        (Row("net/lite/fp32", "passed", (), 42.0), Demand(max_host_db=30), "SQNR on the host is 42.0 dB, above 30 dB"),
        (Row("net/lite/fp32", "passed", size_bytes=9), Demand(size_bytes=(1, 5)), "9 bytes, not 1 to 5"),
        (Row("net/lite/fp32", "passed"), Demand(compared=True), "base and head are not compared"),
        (Row("net/lite/fp32", "passed"), Demand(checks=("agrees",)), "agrees: 4.4 dB"),
    ],
)  # fmt: skip
def test_each_demand_that_is_not_met_is_said(row: Row, demand: Demand, difference: str) -> None:
    assert said(row, rules=(Rule(("*",), (demand,)),)) == [f"net/lite/fp32: {difference}"]


def test_one_of_several_is_enough_and_all_are_named_where_none_holds() -> None:
    rule = Rule(("net",), (Demand("passed"), Demand("failed", says=("memory",))))
    assert said(Row("net/lite/fp32", "failed", ("memory is lost",)), rules=(rule,)) == []
    assert said(Row("net/lite/fp32", "failed", ("no",)), rules=(rule,)) == [
        "net/lite/fp32: failed instead of passed - or - nothing says /memory/ (no)"
    ]


def test_sizes_are_compared_with_another_row() -> None:
    small, large = Row("net/lite/int8", "passed", size_bytes=54), Row("net/lite/fp32", "passed", size_bytes=100)
    rules = (Rule(("*",), (Demand(),)), Rule(("*/*/int8",), (Demand(size_ratio=("net/lite/fp32", 0.2, 0.5)),)))
    assert said(small, large, rules=rules) == ["net/lite/int8: 0.540 of net/lite/fp32, not 0.2 to 0.5"]


def test_what_nobody_expects_is_a_difference() -> None:
    rules = (Rule(("gone",), (Demand(),)),)
    assert said(Row("net/lite/fp32", "passed", ("AddmmPattern: ", "IndexError:")), rules=rules) == [
        "gone: no such row",
        "net/lite/fp32: expected.toml has no rule for it",
        "net/lite/fp32: says 'IndexError:'",
    ]
    assert said(rules=rules, printed="error: no pocketfit.toml") == ["no row at all: error: no pocketfit.toml"]


@pytest.mark.parametrize("case", folders(), ids=lambda case: case.name)
def test_every_case_says_what_is_right(case: Path) -> None:
    expected = read_expected(case / "expected.toml")
    assert expected.rules


def said(*rows: Row, rules: tuple[Rule, ...], printed: str = "") -> list[str]:
    return list(differences(Expected(rules), rows, {"agrees": lambda row: "4.4 dB"}, printed))
