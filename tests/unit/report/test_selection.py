from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Latency, Metric, Report, Row, Smoke
from pocketfit.report.selection import FEW_ROWS, counted, select_rows
from tests.unit.report.samples import BROKEN, EVERYTHING, IDENTICAL, NEW, REMOVED, SKIPPED, TOUCHED, side


def report(*rows: Row) -> Report:
    return replace(EVERYTHING, rows=rows)


def named(row: Row, count: int, name: str = "net") -> list[Row]:
    return [replace(row, model=f"{name}{index:03}") for index in range(count)]


def changed_by(share: float) -> Row:
    return replace(
        TOUCHED, base=side(100_000, 100_000), head=side(round(100_000 * (1 + share)), 100_000), latency=Latency("same")
    )


def test_few_rows_are_all_shown() -> None:
    rows = named(IDENTICAL, FEW_ROWS)
    assert select_rows(report(*rows)).rows == tuple(rows)
    assert select_rows(report(*rows)).rest == ()


def test_of_many_what_failed_or_changed_is_shown_and_the_rest_is_counted() -> None:
    failed, grew, shrank = named(BROKEN, 9, "failed"), named(changed_by(0.01), 3, "grew"), named(changed_by(-0.2), 2)
    rows = [*failed, *grew, *shrank, REMOVED, *named(changed_by(0.005), 40, "hardly"), *named(IDENTICAL, 150, "same")]
    chosen = select_rows(report(*rows))
    assert {row.model for row in chosen.rows} == {row.model for row in (*failed, *grew, *shrank, REMOVED)}
    assert counted(chosen.rest) == "40 changed by less than 1 %, 150 identical"
    assert select_rows(report(*rows), every=True).rest == ()


def test_without_a_baseline_a_dozen_is_shown() -> None:
    """Everything is new there, and a report without a row would say nothing."""
    everything_new = replace(report(*named(NEW, 200)), base=None)
    assert len(select_rows(everything_new).rows) == FEW_ROWS
    assert counted(select_rows(everything_new).rest) == "188 new"
    with_baseline = report(*named(NEW, 30), *named(IDENTICAL, 100, "same"))
    assert len(select_rows(with_baseline).rows) == 30
    nothing = select_rows(report(*named(IDENTICAL, 100)))
    assert (nothing.rows, counted(nothing.rest)) == ((), "100 identical")


@pytest.mark.parametrize(
    "row",
    [
        replace(changed_by(0), latency=Latency("slower", ratio=1.05)),
        replace(changed_by(0), metric=Metric(base=0.9, head=0.88)),
        replace(changed_by(0), smoke=Smoke("infra-error", "adb: device offline")),
        replace(changed_by(0), base=side(100_000, 0), head=side(100_000, 1)),
    ],
)
def test_other_changes_count_too(row: Row) -> None:
    rows = (*named(SKIPPED, FEW_ROWS), *named(IDENTICAL, FEW_ROWS, "same"), row)
    assert select_rows(report(*rows)).rows[0] == row
    many = report(*named(BROKEN, FEW_ROWS), *rows)
    assert row in select_rows(many).rows
    assert (
        row
        not in select_rows(replace(many, rows=tuple(changed_by(0) if each is row else each for each in many.rows))).rows
    )


def test_what_failed_before_too_is_counted_as_such() -> None:
    old = named(replace(BROKEN, failed_before=True), 30, "old")
    chosen = select_rows(report(*named(BROKEN, FEW_ROWS), *old))
    assert not any(row.failed_before for row in chosen.rows)
    assert counted(chosen.rest) == "30 failed before too"
