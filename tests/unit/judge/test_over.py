"""The limit over many commits, by itself and in a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pocketfit.judge.over import broken_over, unjudged_over
from pocketfit.records import Built, Failed, Growth, GrowthOver, History, Limits, Outcome, Row
from pocketfit.report.compare import compare
from pocketfit.report.markdown import render_markdown
from tests.unit.history.samples import entry, of_sizes, variant
from tests.unit.report.test_compare import NET, built, snapshot, trial

FIVE = GrowthOver(Growth(ratio=0.05), 20)


def row(base: Outcome | None, head: Built, history: History | None, limit: GrowthOver = FIVE) -> Row:
    side = replace(snapshot(head), limits={"net": Limits(size_growth_over=limit, size_growth=Growth(ratio=0.02))})
    (row,) = compare(snapshot(base, commit="b" * 40) if base else None, side, trial(), history).rows
    return row


def said(base: int | None, head: int, sizes: Sequence[int | None], limit: GrowthOver = FIVE) -> list[str]:
    before = None if base is None else built(base)
    return [one.sentence for one in broken_over(limit, before, built(head, "bb"), of_sizes(sizes), None)]


def test_ten_small_changes_are_noticed() -> None:
    """Each of +1 % is within `size_growth`; the sixth is beyond 5 % over all."""
    sizes = [1_000_000]
    failed = []
    for _ in range(10):
        head = round(sizes[-1] * 1.01)
        failed.append(row(built(sizes[-1]), built(head, "bb"), of_sizes(sizes)).failed_limits)
        sizes.append(head)
    assert failed == [(), (), (), (), *[("size_growth_over",)] * 6]


def test_the_sentence_names_the_smallest() -> None:
    assert said(1_090, 1_100, [1_200, 1_000, None, 1_090]) == [
        "the file grew by 100 B (+10.0 %) since 000000000, the smallest of the last 3 commits that have it; the limit is +5 %"
    ]
    assert said(None, 1_100, [1_000], GrowthOver(Growth(size_bytes=50))) == [
        "the file grew by 100 B (+10.0 %) since 000000000, the last commit that has it; the limit is +50 B"
    ]


@pytest.mark.parametrize(
    ("base", "head", "sizes", "limit"),
    [
        # Exactly at the limit; no larger than base, so that others are to blame; another variant; before the last ones.
        (1_000, 1_050, [1_000], FIVE),
        (1_100, 1_100, [1_000], FIVE),
        (1_200, 1_100, [1_000], FIVE),
        (1_090, 1_100, [None, None], FIVE),
        (1_090, 1_100, [], FIVE),
        (1_090, 1_100, [1_000, 1_090, 1_090], GrowthOver(Growth(ratio=0.05), 2)),
    ],
)
def test_what_is_within_it(base: int, head: int, sizes: list[int | None], limit: GrowthOver) -> None:
    assert said(base, head, sizes, limit) == []


def test_heads_own_entry_does_not_count() -> None:
    known = of_sizes([1_000, 1_090])
    again = replace(entry(2, variant(900)), commit="h" * 40)
    (one,) = broken_over(FIVE, built(1_090), built(1_100), replace(known, entries=(*known.entries, again)), "h" * 40)
    assert "+10.0 %" in one.sentence


def test_a_row_that_fails_for_it() -> None:
    failed = row(built(1_090), built(1_100, "bb"), of_sizes([1_000, 1_090]))
    assert (failed.status, failed.failed_limits, failed.failed_before) == ("failed", ("size_growth_over",), False)
    report = compare(
        snapshot(built(1_090), commit="b" * 40),
        replace(snapshot(built(1_100, "bb")), limits={"net": Limits(size_growth_over=FIVE)}),
        trial(),
        of_sizes([1_000, 1_090]),
    )
    text = render_markdown(report)
    assert "the file grew by 100 B (+10.0 %) since 000000000" in text
    assert "([size-limit](" in text
    assert "If this is meant to be so, change `size_growth_over` under " in text


@pytest.mark.parametrize(
    ("base", "history", "expected"),
    [
        (built(1_000), None, ["size_growth_over could not be judged: there is no history (--history)"]),
        (None, None, ["size_growth_over could not be judged: there is no history (--history)"]),
        (Failed(NET, "no"), None, ["size_growth_over could not be judged: there is no history (--history)"]),
        (built(1_000), History(problems=("no",)), ["size_growth_over could not be judged: the history can't be read"]),
        (built(1_000), History(), []),
        (built(1_100), None, []),
    ],
)
def test_what_nobody_could_judge(base: Outcome | None, history: History | None, expected: list[str]) -> None:
    assert list(unjudged_over(FIVE, base, built(1_100, "bb"), history)) == expected
    assert list(unjudged_over(None, base, built(1_100, "bb"), history)) == []


def test_a_limit_that_was_not_judged_is_no_plain_pass() -> None:
    unjudged = row(built(1_095), built(1_100, "bb"), None)
    assert unjudged.status == "compared"
    assert unjudged.unjudged_limits == ("size_growth_over",)
