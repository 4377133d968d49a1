# ruff: noqa: RUF001
from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Latency, Metric, OutputParity, Parity, Report, Row, RunsOn, SideFacts, Work
from pocketfit.report.cell import Cell
from pocketfit.report.glance import glance_titles, glances, room_of, stakes
from tests.unit.report.samples import (
    BROKEN,
    EVERYTHING,
    GREW,
    IDENTICAL,
    NEW,
    REMOVED,
    SKIPPED,
    TOUCHED,
    UNSUPPORTED,
    passed,
    side,
)


def columns(row: Row, report: Report = EVERYTHING) -> tuple[Cell, ...]:
    (line,) = glances(report, [row])
    return line.columns


# Its time was over before there were loads enough.
SHORT = replace(TOUCHED, latency=replace(TOUCHED.latency, confidence=0.75))


def facts(row: Row) -> tuple[str, ...]:
    return tuple(cell.fact for cell in columns(row))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (GREW, ("▲ 14.0 → 19.6 MB, +40.1 %", "▲ 14.9 ms, ×1.33", "2 limits")),
        (
            replace(GREW, failed_limits=("latency_growth",)),
            ("▲ 14.0 → 19.6 MB, +40.1 %", "▲ 14.9 ms, ×1.33", "1 limit"),
        ),
        (UNSUPPORTED, ("▲ 346 MB +1 B, <0.1 %", "–", "on jvm")),
        (BROKEN, ("no file, was 48.00 MB", "–", "in the build")),
        (replace(BROKEN, failed_before=True), ("no file, was 48.00 MB", "–", "failed before too")),
        (TOUCHED, ("▲ 1.23 → 1.24 kB, <0.1 %", "unclear, ×0.94 to 1.09", "agrees")),
        (SHORT, ("▲ 1.23 → 1.24 kB, <0.1 %", "unclear, ×0.94 to 1.09 (75 % sure)", "agrees")),
        (NEW, ("new, 6.10 MB", "–", "not run")),
        (REMOVED, ("removed, was 9.00 MB", "–", "–")),
        (SKIPPED, ("no file", "–", "–")),
        (IDENTICAL, ("46.74 MB, same size", "–", "agrees")),
    ],
)
def test_one_line_of_each_kind_of_row(row: Row, expected: tuple[str, ...]) -> None:
    assert facts(row) == expected


def test_what_got_smaller_and_faster_points_down() -> None:
    faster = replace(GREW.latency, verdict="faster", ratio=0.8, head_ms=8.97)
    row = replace(GREW, status="compared", failed_limits=(), base=GREW.head, head=GREW.base, latency=faster)
    file, latency, check = columns(row)
    assert (file.fact, file.tone) == ("▼ 19.6 → 14.0 MB, -28.6 %", "better")
    assert (latency.fact, latency.tone) == ("▼ 8.97 ms, ×0.80", "better")
    assert (check.fact, check.tone) == ("agrees", "better")


def test_what_is_the_same_has_no_arrow() -> None:
    same = replace(GREW.latency, verdict="same", ratio=1.0, head_ms=11.2)
    row = replace(GREW, status="compared", failed_limits=(), head=GREW.base, latency=same)
    assert facts(row) == ("14.00 MB, same size", "11.2 ms, same", "agrees")


def test_head_alone_has_a_time() -> None:
    row = replace(NEW, latency=Latency("not-measured", head_ms=4.2, head_low_ms=3.9, head_high_ms=4.6))
    assert facts(row)[1] == "4.20 ms"


def test_agreement_that_means_nothing_is_no_tick() -> None:
    constant = Parity(0.0, 300.0, cosine=1.0, outputs=(OutputParity("", 0.0, 300.0, degenerate="is zero everywhere"),))
    row = replace(TOUCHED, parity=constant, smoke=replace(passed(), parity=constant))
    assert columns(row)[-1] == Cell("agreement says nothing", tone="worse")


def test_a_version_that_a_file_is_for_and_does_not_run_on_is_no_tick() -> None:
    fine = RunsOn("runs", "run", "ET")
    row = replace(TOUCHED, runs_on={"1.0": replace(fine, status="refused"), "1.1": replace(fine, status="differs")})
    (*_, check) = columns(replace(row, runs_on={**row.runs_on, "1.3": fine}))
    assert (check.fact, check.tone) == ("not on ExecuTorch 1.0 and 1.1", "worse")
    assert facts(replace(row, runs_on={"1.1": fine, "1.3": replace(fine, status="unknown")}))[-1] == "agrees"
    assert facts(replace(row, runs_on={}))[-1] == "agrees"


def test_what_is_right_on_a_phones_abi_alone_says_where() -> None:
    right = replace(passed(), abi="arm64-v8a")
    row = replace(TOUCHED, smoke=replace(passed(), status="failed"), also=(right,))
    assert columns(row)[-1] == Cell("right on arm64-v8a", tone="worse")


def test_a_metric_has_a_column_of_its_own() -> None:
    measured = replace(TOUCHED, metric=Metric(0.99, 0.9917, 0.9889))
    report = replace(EVERYTHING, rows=(measured, NEW))
    assert [cell.fact for cell in glance_titles(report)] == ["Model", "Variant", "File", "Latency", "Metric", "Check"]
    first, second = glances(report, report.rows)
    assert (first.columns[2].fact, second.columns[2].fact) == ("▼ 0.9889, -0.0028", "–")


def test_work_that_changed_has_a_column_of_its_own() -> None:
    before = Work(206_003_092, 590_000_000, 84_000_000, "arm64-v8a", "cortex-a76", "pytorch_android_lite 1.12.2")
    after = replace(before, instructions=341_337_576)
    more = replace(GREW, failed_limits=("instructions_growth",))
    more = replace(more, base=replace(side(9, 9), work=before), head=replace(side(9, 9), work=after))
    same = replace(TOUCHED, base=replace(side(9, 9), work=before), head=replace(side(9, 9), work=before))
    report = replace(EVERYTHING, rows=(more, same, NEW))
    assert [cell.fact for cell in glance_titles(report)] == ["Model", "Variant", "File", "Latency", "Work", "Check"]
    cells = [line.columns[2] for line in glances(report, report.rows)]
    assert [(cell.fact, cell.tone) for cell in cells] == [
        ("▲ 341.3 M, +65.7 %", "failed"),
        ("same", "quiet"),
        ("–", "quiet"),
    ]
    assert stakes(more) == "instructions +65.7 %"


def test_a_models_variants_stand_beneath_each_other_where_the_first_of_them_is() -> None:
    rows = [GREW, TOUCHED, replace(GREW, precision="int8"), replace(TOUCHED, precision="int8"), NEW]
    lines = glances(EVERYTHING, rows)
    assert [(line.model, line.variant) for line in lines] == [
        ("mobilenet_v2", "lite/fp32"),
        ("", "lite/int8"),
        ("two_inputs", "lite/fp32"),
        ("", "lite/int8"),
        ("segmenter", "lite/int8"),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (GREW, "file +40.1 %, latency ×1.33"),
        (replace(GREW, failed_limits=("size", "metric_drop")), "file 19.61 MB, metric_drop"),
        (replace(GREW, failed_limits=("size_growth",), base=None), "size_growth"),
        (UNSUPPORTED, "on jvm"),
        (BROKEN, "in the build"),
    ],
)
def test_what_is_at_stake(row: Row, expected: str) -> None:
    assert stakes(row) == expected


def test_from_nothing() -> None:
    row = replace(TOUCHED, base=SideFacts(0, 0, "aa", 0, {}), head=side(5, 5))
    assert facts(row)[0] == "▲ 0 B → 5 B, from 0"


def test_where_there_are_more_columns_each_says_less() -> None:
    """All fit beside each other on GitHub's page; what is left out stands below the fold."""
    work = Work(206_003_092, 590_000_000, 84_000_000, "arm64-v8a", "cortex-a76", "pytorch_android_lite 1.12.2")
    assert GREW.base is not None
    assert GREW.head is not None
    counted = replace(
        GREW, base=replace(GREW.base, work=work), head=replace(GREW.head, work=replace(work, instructions=341_337_576))
    )
    whole = replace(counted, metric=Metric(0.9917, 0.9917, 0.9889))
    unclear = replace(SHORT, metric=Metric(0.9917, 0.9917, 0.9917))
    same = replace(SHORT, latency=replace(SHORT.latency, verdict="same"))
    slim, tight = replace(EVERYTHING, rows=(counted,)), replace(EVERYTHING, rows=(whole,))

    def said(row: Row, report: Report) -> tuple[str, ...]:
        (line,) = glances(report, [row], room_of(report))
        return tuple(cell.fact for cell in line.columns)

    assert said(counted, slim) == ("▲ 19.6 MB, +40.1 %", "▲ 14.9 ms, ×1.33", "▲ +65.7 %", "2 limits")
    assert said(whole, tight) == ("▲ 19.6 MB, +40.1 %", "▲ ×1.33", "▲ +65.7 %", "▼ -0.0028", "2 limits")
    assert said(SHORT, slim)[:2] == ("▲ 1.24 kB, <0.1 %", "unclear, ×0.94 to 1.09")
    assert said(unclear, tight) == ("▲ 1.24 kB, <0.1 %", "unclear", "–", "0.9917", "agrees")
    assert said(same, tight)[1] == "same"
    assert said(UNSUPPORTED, slim)[0] == "▲ +1 B, <0.1 %"
    assert (said(BROKEN, slim)[0], said(REMOVED, slim)[0]) == ("no file", "removed")
