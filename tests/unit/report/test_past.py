"""What a report says of earlier commits, in its rows and in one sentence of every form."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from pocketfit.records import History, PastCommit, Report, Row, Trend, Work
from pocketfit.report.markdown import render_markdown
from pocketfit.report.past import largest, largest_named, with_history
from pocketfit.report.terminal.whole import render_terminal
from tests.unit.history.samples import entry, of_sizes, variant
from tests.unit.report.samples import BASE, ENVIRONMENT, HEAD, passed, side


def row(before: int | None, after: int, model: str = "net") -> Row:
    base = None if before is None else side(before, before)
    status = "new" if base is None else "compared"
    return Row(model, "lite", "fp32", status, base=base, head=side(after, after, "bb"), smoke=passed())  # type: ignore[arg-type]


def report(*rows: Row) -> Report:
    return Report("pass", BASE, HEAD, "0.1.0", ENVIRONMENT, rows)


def words(before: int | None, after: int, *sizes: int | None) -> list[str]:
    return [one.words for one in largest(with_history(report(row(before, after)), of_sizes(sizes)))]


@pytest.mark.parametrize(
    ("before", "after", "sizes", "expected"),
    [
        (10, 11, (12, 9, 10), ["is the largest since 000000000 (2026-09-21)"]),
        (10, 11, (9, 11, 10), ["is the largest since 000000000 (2026-09-22)"]),
        (10, 11, (9, None, 10), ["is larger than at any of the last 2 commits that have it"]),
        (None, 11, (9, 10), ["is larger than at any of the last 2 commits that have it"]),
        # The newest commit had it as large; it did not grow; one commit says no more than base does.
        (10, 11, (9, 12), []),
        (11, 11, (9, 10), []),
        (11, 10, (8, 9), []),
        (10, 11, (10,), []),
        (10, 11, (None, None), []),
    ],
)
def test_since_when_none_was_as_large(
    before: int | None, after: int, sizes: tuple[int | None, ...], expected: list[str]
) -> None:
    assert words(before, after, *sizes) == expected


def test_without_a_history_nothing_changes() -> None:
    assert with_history(report(row(1, 2)), None) == report(row(1, 2))


def test_heads_own_commit_is_no_part_of_its_past() -> None:
    known = of_sizes([5, 6])
    again = replace(entry(2, variant(7)), commit=HEAD)
    found = with_history(report(row(6, 7)), History((*known.entries, again), ("1 of 3 is left out",)))
    assert found.history == tuple(PastCommit(one.commit, one.date) for one in known.entries)
    assert found.rows[0].trend == Trend((5, 6))
    assert found.notes == ("1 of 3 is left out",)


def test_only_what_was_measured_alike_is_compared() -> None:
    here = "jvm / x86_64 / Intel Xeon Platinum 8481C / pytorch_android_lite 1.12.2 / threads=1"
    core = "arm64-v8a / cortex-a76 / lite 1"
    entries = (
        replace(entry(1, variant(1, latency_ms=4.0, instructions=70, counted_on=core)), measured_on=here),
        replace(entry(2, variant(1, latency_ms=9.0, instructions=80, counted_on="x86_64")), measured_on="adb / phone"),
        replace(entry(3, variant(1, latency_ms=None)), measured_on=None),
    )
    counted = row(1, 1)
    assert counted.head
    work = Work(75, 1, 1, "arm64-v8a", "cortex-a76", "lite 1")
    counted = replace(counted, head=replace(counted.head, work=work))
    (found,) = with_history(report(counted), History(entries)).rows
    assert found.trend == Trend((1, 1, 1), (4.0, None, None), (70, None, None))
    nowhere = replace(report(row(1, 1)), environment=replace(ENVIRONMENT, device=None))
    assert with_history(nowhere, History(entries)).rows[0].trend == Trend((1, 1, 1))


GROWN = with_history(
    report(*(row(10, 11, f"net{number}") for number in range(5))),
    History(tuple(entry(day, *(variant(9, f"net{number}") for number in range(5))) for day in range(3))),
)


def test_some_of_many_are_named() -> None:
    named, more = largest_named(GROWN)
    assert named == tuple(
        (f"net{number}/lite/fp32", "is larger than at any of the last 3 commits that have it") for number in range(3)
    )
    assert more == 2


def test_the_comment_says_it_once() -> None:
    text = render_markdown(with_history(report(row(10, 11)), of_sizes([12, 9, 10])))
    assert text.count("the largest since") == 1
    assert "\n\n`net/lite/fp32` is the largest since 000000000 (2026-09-21).\n\n" in text
    assert "; and 2 more are larger than at the commits before.\n" in render_markdown(GROWN)
    assert "largest since" not in render_markdown(report(row(10, 11)))


def test_the_terminal_says_it() -> None:
    console = Console(width=120, file=io.StringIO())
    console.print(render_terminal(with_history(report(row(10, 11)), of_sizes([12, 9, 10]))))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "net/lite/fp32 is the largest since 000000000 (2026-09-21)" in text


def test_a_strangers_report_can_say_anything() -> None:
    """Lists of other lengths, and commits that are no commits."""
    past = (PastCommit("\u202e@octo [x](http://y)", "<b>never</b>"), PastCommit("", ""))
    hostile = replace(row(10, 11), trend=Trend((12, 9, 10, 7)))
    text = render_markdown(replace(report(hostile), history=past))
    assert "@&#8203;octo" in text
    assert not any(part in text for part in ("<b>", "[x](", "http://", "\u202e"))
    assert render_markdown(replace(report(hostile), history=()))
