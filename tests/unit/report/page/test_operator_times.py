from __future__ import annotations

from dataclasses import replace

from pocketfit.records import OperatorTime, OperatorTimes, Row
from pocketfit.report.page.operator_times import operator_times, operator_times_facts
from pocketfit.report.page.section import Table
from pocketfit.report.page.sections import sections
from tests.unit.report.samples import GREW

BEFORE = OperatorTimes((OperatorTime("GEMM", 2, 1.0), OperatorTime("mul.out", 1, 0.25)), 1.5, 9, "1.5.1")
AFTER = OperatorTimes((OperatorTime("GEMM", 3, 2.4), OperatorTime("add.out", 1, 0.3)), 3.0, 9, "1.5.1")
HOW = (
    "Time by operator",
    "medians of 9 forwards on the machine that built the file, one thread, by the runtime of executorch 1.5.1, "
    "not Android's; base and head were not timed in turn: whether one is slower is said under Latency",
)


def row(before: OperatorTimes | None, after: OperatorTimes | None) -> Row:
    assert GREW.base
    assert GREW.head
    return replace(GREW, base=replace(GREW.base, operator_times=before), head=replace(GREW.head, operator_times=after))


def test_both_sides_and_what_is_left_of_the_whole() -> None:
    lines = (
        ("GEMM", "3", "1.00", "2.40", "80 %"),
        ("add.out", "1", "", "0.300", "10 %"),
        ("(all else)", "", "0.500", "0.300", "10 %"),
    )
    titles = ("Operator", "Calls", "Base", "Head", "Of head")
    assert operator_times(row(BEFORE, AFTER)) == Table("Time by operator in ms, 3.00 in all", titles, lines)
    assert list(operator_times_facts(row(BEFORE, AFTER))) == [HOW]


def test_of_many_kinds_the_longest_stand_alone() -> None:
    many = tuple(OperatorTime(f"kind {number}", 1, 2.0 - number / 10) for number in range(15))
    found = operator_times(row(None, OperatorTimes(many, 30.0, 9, "1.5.1")))
    assert found is not None
    assert [line[0] for line in found.lines] == [*(one.operator for one in many[:12]), "(all else)"]
    assert found.lines[-1] == ("(all else)", "", "12.6", "42 %")


def test_a_side_that_has_none_has_no_column() -> None:
    found = operator_times(row(None, AFTER))
    assert found is not None
    assert found.titles == ("Operator", "Calls", "Head", "Of head")
    assert found.lines[0] == ("GEMM", "3", "2.40", "80 %")


def test_a_reason_stands_where_there_are_no_times() -> None:
    said = OperatorTimes(reason="the runtime of executorch 1.3.1 has no <b>tracer</b>")
    assert operator_times(row(None, said)) is None
    assert list(operator_times_facts(row(None, said))) == [("Time by operator", said.reason)]


def test_other_formats_say_nothing() -> None:
    assert operator_times(row(None, None)) is None
    assert list(operator_times_facts(row(None, None))) == []


def test_it_stands_with_the_operators() -> None:
    (found,) = (part for part in sections(row(BEFORE, AFTER)) if part.title == "Operators")
    assert HOW in found.facts
    assert [table.caption for table in found.tables][-1] == "Time by operator in ms, 3.00 in all"
