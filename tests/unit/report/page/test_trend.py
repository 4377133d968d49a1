from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pocketfit.records import Latency, PastCommit, Trend, Work
from pocketfit.report.html import render_html
from pocketfit.report.page.trend import TrendLine, past_facts, trend_facts, trend_lines
from pocketfit.report.past import with_history
from tests.unit.history.samples import of_sizes
from tests.unit.report.test_past import report, row

NET = row(10_000, 11_000)


def test_a_line_has_heads_own_number_at_its_end() -> None:
    (line,) = trend_lines(replace(NET, trend=Trend((9_000, 10_000))))
    assert line == TrendLine(
        2,
        "File",
        "9.00 kB to 11.00 kB (+22.2 %), between 9.00 kB and 11.00 kB",
        "M0 54h0l1-24l1-24",
        "10",
    )


def test_a_commit_without_a_number_is_a_gap() -> None:
    (line,) = trend_lines(replace(NET, trend=Trend((9_000, None, 10_000, None))))
    # Points without neighbours are dots.
    assert line.path == "M0 54h0M2 30h0M4 6h0"


def test_each_kind_of_number() -> None:
    assert NET.head
    head = replace(NET.head, work=Work(2_000, 1, 1))
    timed = replace(NET, head=head, latency=Latency("same", head_ms=4.0), trend=Trend((9_000,), (5.0,), (1_000,)))
    assert [(line.title, line.text) for line in trend_lines(timed)] == [
        ("File", "9.00 kB to 11.00 kB (+22.2 %), between 9.00 kB and 11.00 kB"),
        ("Latency", "5.00 ms to 4.00 ms (-20.0 %), between 4.00 ms and 5.00 ms"),
        ("Instructions", "1.0 k to 2.0 k (+100.0 %), between 1.0 k and 2.0 k"),
    ]


@pytest.mark.parametrize("trend", [Trend(), Trend((11_000, 11_000)), Trend((None,)), Trend((10**18,))])
def test_what_says_nothing_is_not_drawn(trend: Trend) -> None:
    assert trend_lines(replace(NET, trend=trend)) == ()
    assert trend_lines(replace(NET, head=None, trend=trend)) == ()


def test_facts() -> None:
    known = with_history(report(NET), of_sizes([12_000, 9_000, 10_000]))
    assert dict(trend_facts(known, known.rows[0])) == {
        "The file": "is the largest since 000000000 (2026-09-21)",
    }
    flat = with_history(report(row(10_000, 10_000)), of_sizes([10_000, 10_000]))
    assert dict(trend_facts(flat, flat.rows[0])) == {
        "File": "10.00 kB at each of 3 commits",
    }
    assert list(trend_facts(report(NET), NET)) == list(past_facts(report(NET))) == []
    span = "3, from 000000000 (2026-09-21) to 000000000 (2026-09-23), and head"
    assert list(past_facts(known)) == [("Commits", span)]


def test_what_stays_is_short() -> None:
    (line,) = trend_lines(replace(NET, trend=Trend((10_000,) * 9 + (12_000,) * 4)))
    assert line.path == "M0 54h0h8l1-48h3l1 24"


def test_the_page_draws_it() -> None:
    page = render_html(with_history(report(NET), of_sizes([12_000, 9_000, 10_000])))
    assert "<h3>Over commits</h3>" in page
    said = "12.00 kB to 11.00 kB (-8.3 %), between 9.00 kB and 12.00 kB"
    assert f"<figcaption>File: {said}</figcaption>" in page
    assert '<svg viewBox="0 0 3 60" preserveAspectRatio="none"><path d="M0 6h0l1 48l1-16l1-16"/>' in page
    assert "Over commits" not in render_html(report(NET))


def test_a_strangers_page_is_bounded_and_escaped() -> None:
    hostile = replace(NET, trend=Trend(tuple(range(20_000)), (), (1,)))
    past = tuple(PastCommit("<script>", "\u202e") for _ in range(20_000))
    page = render_html(replace(report(hostile), history=past))
    assert len(page) < 80_000
    assert "\u202e" not in page
    assert page.count("<script>") == 1
    assert re.findall(r'viewBox="0 0 (\d+) 60" [^>]*><path d="([^"]*)"', page) == [("60", "M0 6h0h59l1 48")]
