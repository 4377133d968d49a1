from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import (
    ABOUT_BASE,
    Latency,
    Limits,
    Memory,
    Metric,
    OutputParity,
    Parity,
    Report,
    Row,
    Smoke,
    Work,
)
from pocketfit.report.cells import lines
from pocketfit.report.compare import compare
from pocketfit.report.markdown import render_markdown
from pocketfit.report.minor import largest_change, minor_below
from pocketfit.report.selection import counted, select_rows
from pocketfit.report.summary import changed_rows, headline
from tests.unit.report.samples import BROKEN, EVERYTHING, GREW, IDENTICAL, NEW, REMOVED, TOUCHED, passed, side
from tests.unit.report.test_compare import built, snapshot, trial

SMALL = replace(
    TOUCHED,
    base=side(100_000, 90_000),
    head=side(100_001, 90_000, "bb"),
    latency=Latency("same", ratio=1.001, ci_low=0.99, ci_high=1.01, base_ms=1.0, head_ms=1.001),
    smoke=passed(),
)
assert SMALL.base is not None
assert SMALL.head is not None


def with_memory(before: Memory, after: Memory) -> Row:
    assert SMALL.base is not None
    assert SMALL.head is not None
    return replace(SMALL, base=replace(SMALL.base, memory=before), head=replace(SMALL.head, memory=after))


def with_work(before: int, after: int, moved: int = 1_000_000) -> Row:
    assert SMALL.base is not None
    assert SMALL.head is not None
    work = Work(before, 1_000_000, 0, "arm64-v8a", "cortex-a76", "lite", 3, 0.0)
    return replace(
        SMALL,
        base=replace(SMALL.base, work=work),
        head=replace(SMALL.head, work=replace(work, instructions=after, loaded_bytes=moved)),
    )


def test_a_byte_more_is_below_one_percent_and_above_nothing() -> None:
    assert minor_below(SMALL, 0.01) == 0.01
    assert minor_below(SMALL, None) is None
    assert minor_below(SMALL, 0.0) is None
    assert largest_change(SMALL) == 1e-5


@pytest.mark.parametrize(
    "row",
    [
        replace(SMALL, head=side(101_000, 90_000, "bb")),
        replace(SMALL, head=side(99_000, 90_000, "bb")),
        replace(SMALL, head=side(100_000, 90_900, "bb")),
        replace(SMALL, latency=Latency("slower", ratio=1.03)),
        replace(SMALL, latency=Latency("faster", ratio=0.97)),
        replace(SMALL, metric=Metric(base=0.9, head=0.88)),
        replace(SMALL, metric=Metric(base=0.9, head=None)),
        with_memory(Memory(planned_bytes=1000), Memory(planned_bytes=1010)),
        with_memory(Memory(planned_bytes=0), Memory(planned_bytes=1)),
        with_memory(Memory(peak_rss_bytes=100_000_000), Memory(peak_rss_bytes=103_000_000)),
        with_work(10_000_000, 10_200_000),
        with_work(10_000_000, 10_000_000, moved=1_100_000),
    ],
)
def test_every_number_counts(row: Row) -> None:
    assert minor_below(row, 0.01) is None
    assert minor_below(row, 0.5) == (0.5 if largest_change(row) < 0.5 else None)


def test_noise_is_no_change() -> None:
    peaks = with_memory(Memory(10_000_000, 1000), Memory(11_500_000, 1001))
    assert minor_below(peaks, 0.01) == 0.01


@pytest.mark.parametrize(
    "row",
    [
        replace(SMALL, status="identical"),
        replace(SMALL, status="failed"),
        replace(SMALL, smoke=Smoke("skipped", "no device was used")),
        replace(SMALL, smoke=Smoke("infra-error", "adb: device offline")),
        replace(SMALL, parity=Parity(outputs=(OutputParity("", degenerate="is all zeros"),))),
        replace(SMALL, reasons=("latency_growth could not be judged: it was not timed",)),
        replace(SMALL, reasons=(f"{ABOUT_BASE}it fails on this runtime already: crashed",)),
        with_memory(Memory(), Memory(retained_bytes=5_000_000)),
        GREW, BROKEN, NEW, REMOVED, IDENTICAL,
    ],
)  # fmt: skip
def test_what_a_reviewer_has_to_know_is_never_minor(row: Row) -> None:
    assert minor_below(row, 0.99) is None


@pytest.mark.parametrize(
    ("low", "high", "is_minor"), [(0.97, 1.01, False), (0.99, 1.03, False), (0.99, 1.01, True), (None, None, False)]
)
def test_a_latency_that_may_have_changed_more_is_not_minor(
    low: float | None, high: float | None, is_minor: bool
) -> None:
    row = replace(SMALL, latency=Latency("unclear", ci_low=low, ci_high=high, base_ms=1.0))
    assert minor_below(row, 0.02) == (0.02 if is_minor else None)


def test_a_limit_that_fails_is_not_hidden_by_a_minimum() -> None:
    before, after = built(100_000), built(100_001, "bb")
    passes = Limits(size_bytes=100_001, minimum_change=0.01)
    (row,) = compare(snapshot(before), replace(snapshot(after), limits={"net": passes}), trial()).rows
    assert (row.status, row.minor_below) == ("compared", 0.01)
    assert row.head
    assert row.head.size_bytes == 100_001
    fails = replace(passes, size_bytes=100_000)
    (row,) = compare(snapshot(before), replace(snapshot(after), limits={"net": fails}), trial()).rows
    assert (row.status, row.minor_below) == ("failed", None)


MINOR = replace(SMALL, minor_below=0.01)


def of(*rows: Row) -> Report:
    return replace(EVERYTHING, verdict="pass", rows=rows)


def test_the_comment_counts_them_in_one_line() -> None:
    report = of(MINOR, replace(MINOR, model="other"), replace(MINOR, model="third", minor_below=0.005), TOUCHED)
    text = render_markdown(report)
    first, _, folded = text.partition("<details>")
    assert (
        "1 variant changed by less than 0.5 %, 2 variants changed by less than 1 % in all that was measured (`minimum_change`)."
        in first
    )
    assert "| **`two_inputs`** |" in first
    assert "`other`" not in first
    assert "| `other/lite/fp32`<br>changed<br>by less than 1 % | 100.00 kB<br>+1 B<br>&#60;0.1 % |" in folded


def test_they_are_no_largest_change_and_come_last() -> None:
    report = of(MINOR, NEW, IDENTICAL)
    assert [row.model for row in changed_rows(report)] == [NEW.model, MINOR.model]
    alone = headline(of(MINOR, IDENTICAL))
    assert (alone.mood, alone.text, alone.about) == ("good", "2 variants pass", ())
    text = render_markdown(of(MINOR, IDENTICAL))
    assert text.startswith(
        "\N{WHITE HEAVY CHECK MARK} **Pocketfit: 2 variants pass**\n\n1 variant changed by less than 1 % in all"
    )
    assert "| Model |" not in text


def test_a_terminal_with_many_rows_counts_them() -> None:
    many = [replace(MINOR, model=f"net{index}", minor_below=0.05) for index in range(20)]
    chosen = select_rows(of(*many))
    assert (chosen.rows, counted(chosen.rest)) == ((), "20 changed by less than 5 %")
    (line,) = lines(of(MINOR), [MINOR])
    assert line.status.lines == ("changed", "by less than 1 %")
