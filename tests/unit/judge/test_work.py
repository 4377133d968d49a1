"""What counted calls say: one number or why none, what counting costs, and what changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.judge.work import (
    Counts,
    estimated_s,
    incomparable,
    instructions_changed,
    is_same,
    too_large,
    traffic_changed,
    work_of,
)
from pocketfit.records import Work

WHERE = Work(abi="arm64-v8a", cpu="cortex-a76", runtime="pytorch_android_lite 1.12.2")
COUNTED = replace(
    WHERE, instructions=206_000_000, loaded_bytes=590_000_000, stored_bytes=85_000_000, calls=3, spread=0.0
)


def counts(*instructions: int) -> list[Counts]:
    return [Counts(count, 3 * count, count // 2) for count in instructions]


def test_work_is_the_median_of_the_calls() -> None:
    work = work_of(counts(206_540_993, 206_538_073, 206_538_275), WHERE)
    assert (work.instructions, work.loaded_bytes, work.stored_bytes) == (206_538_275, 619_614_825, 103_269_137)
    assert (work.calls, work.reason, work.abi, work.cpu) == (3, "", "arm64-v8a", "cortex-a76")
    assert work.spread == pytest.approx(2920 / 206_538_275)


@pytest.mark.parametrize(
    ("instructions", "reason"),
    [
        ((100_000_000, 100_010_000, 100_000_000), ""),
        ((100_000_000, 100_010_001, 100_000_000), "its calls differ by 0.01 %: 100.0 M to 100.0 M instructions"),
        ((100_000_000, 104_300_000, 100_000_000), "its calls differ by 4.30 %: 100.0 M to 104.3 M instructions"),
        # Of the smallest models the allocator's share is larger.
        ((20_000, 25_000, 20_000), ""),
        ((20_000, 26_000, 20_000), "its calls differ by 30.00 %: 20.0 k to 26.0 k instructions"),
        ((0, 20_000, 20_000), "no call was counted"),
        ((), "no call was counted"),
    ],
)
def test_calls_that_differ_are_no_number(instructions: tuple[int, ...], reason: str) -> None:
    work = work_of(counts(*instructions), WHERE)
    assert work.reason == reason
    assert (work.instructions is None) == bool(reason)


def test_a_core_that_counts_by_itself_knows_no_bytes() -> None:
    work = work_of([Counts(count, None, None) for count in (7_000_300, 7_000_100, 7_000_000)], WHERE)
    assert (work.instructions, work.loaded_bytes, work.stored_bytes) == (7_000_100, None, None)
    # A counter that is disturbed says so: interrupts, say.
    noisy = work_of([Counts(count, None, None) for count in (70_000_000, 70_000_000, 70_100_000)], WHERE)
    assert noisy.reason == "its calls differ by 0.14 %: 70.0 M to 70.1 M instructions"


def test_what_is_too_large_for_the_budget_is_known_before() -> None:
    assert estimated_s(0, "lite") < estimated_s(10**9, "lite") < estimated_s(10**9, "full")
    needed_s = estimated_s(2 * 10**9, "lite")
    assert too_large({"a": 10**9, "b": 10**9}, "lite", needed_s) is None
    assert too_large({"a": 10**9, "b": 10**9}, "lite", needed_s - 1) == (
        f"it is too large: 2.0 G MACs would take {needed_s:.0f} s of processor time, work_budget_s = {needed_s - 1:g}"
    )
    # What nobody knows is tried, and ends with its budget.
    assert too_large({}, "lite", 30) is None


@pytest.mark.parametrize(
    ("base", "head", "problem"),
    [
        (COUNTED, COUNTED, None),
        (None, COUNTED, 'work was not counted: it needs [device] also = ["arm64-v8a"]'),
        (COUNTED, None, 'work was not counted: it needs [device] also = ["arm64-v8a"]'),
        (COUNTED, replace(WHERE, reason="no answer in 120 s"), "head's work was not counted: no answer in 120 s"),
        (WHERE, COUNTED, "base's work was not counted: it gave no number"),
        (replace(COUNTED, cpu="neoverse-n1"), COUNTED,
         "base was counted with pytorch_android_lite 1.12.2 on arm64-v8a, neoverse-n1, "
         "and head with pytorch_android_lite 1.12.2 on arm64-v8a, cortex-a76"),
        (replace(COUNTED, counted_by="perf_event"), COUNTED,
         "base was counted with pytorch_android_lite 1.12.2 on arm64-v8a, cortex-a76 by its own counter, "
         "and head with pytorch_android_lite 1.12.2 on arm64-v8a, cortex-a76"),
    ],
)  # fmt: skip
def test_only_counts_of_one_core_are_compared(base: Work | None, head: Work | None, problem: str | None) -> None:
    assert incomparable(base, head) == problem
    assert problem is None or not instructions_changed(base, head)


def test_what_two_processes_differ_by_is_no_change() -> None:
    assert not instructions_changed(COUNTED, replace(COUNTED, instructions=206_020_600))
    assert instructions_changed(COUNTED, replace(COUNTED, instructions=206_020_601))
    assert instructions_changed(COUNTED, replace(COUNTED, instructions=205_979_399))
    assert not traffic_changed(COUNTED, replace(COUNTED, loaded_bytes=590_067_500))
    assert traffic_changed(COUNTED, replace(COUNTED, loaded_bytes=590_067_501))
    assert not traffic_changed(COUNTED, replace(COUNTED, loaded_bytes=None))
    small = replace(COUNTED, instructions=20_000)
    assert not instructions_changed(small, replace(COUNTED, instructions=22_000))
    assert instructions_changed(small, replace(COUNTED, instructions=22_001))


def test_work_is_the_same_where_both_were_counted_and_nothing_changed() -> None:
    assert is_same(COUNTED, replace(COUNTED, instructions=206_000_500))
    assert not is_same(COUNTED, replace(COUNTED, instructions=207_000_000))
    assert not is_same(COUNTED, replace(COUNTED, loaded_bytes=600_000_000))
    assert not is_same(COUNTED, replace(COUNTED, cpu="cortex-a55"))
    assert not is_same(COUNTED, replace(WHERE, reason="it is too large"))
    assert not is_same(replace(COUNTED, loaded_bytes=None), replace(COUNTED, loaded_bytes=None))
    assert not is_same(COUNTED, None)
    assert not is_same(None, None)
