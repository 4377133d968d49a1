# ruff: noqa: RUF001
from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Delegation, Latency, Metric, Parity, Row
from pocketfit.report.cell import Cell
from pocketfit.report.cells import lines, titles
from pocketfit.report.html import render_html
from pocketfit.report.markdown import render_markdown
from tests.unit.report.samples import CALM, EVERYTHING, GREW, IDENTICAL, TOUCHED, side
from tests.unit.report.terminal.test_whole import printed

MEASURED = replace(TOUCHED, model="digits", metric=Metric(0.9917, 0.9889, 0.9861))
REPORT = replace(CALM, rows=(MEASURED, IDENTICAL))


@pytest.mark.parametrize(
    ("metric", "failed", "cell"),
    [
        (Metric(0.9917, 0.9889, 0.9861), (), Cell("0.9861", "-0.0028", "eager 0.9917", "worse")),
        (Metric(0.9917, 0.9889, 0.9861), ("metric_drop",), Cell("0.9861", "-0.0028", "eager 0.9917", "failed")),
        (Metric(0.9917, 0.9889, 0.9917), (), Cell("0.9917", "+0.0028", "", "better")),
        (Metric(0.9917, 0.9917, 0.9917), (), Cell("0.9917", "\N{PLUS-MINUS SIGN}0", "", "quiet")),
        (Metric(0.9917, None, 0.9861), (), Cell("0.9861", "-0.0056", "eager 0.9917", "worse")),
        (Metric(None, 0.9889, None), ("metric_drop",), Cell("not measured", tone="failed")),
        (None, (), Cell(tone="quiet")),
    ],
)
def test_metric(metric: Metric | None, failed: tuple[str, ...], cell: Cell) -> None:
    assert lines(REPORT, [replace(MEASURED, metric=metric, failed_limits=failed)])[0].metric == cell


def test_the_metric_has_a_column_only_where_a_row_has_one() -> None:
    assert [title.fact for title in titles(REPORT)] == [
        "Variant", "File", "Download", "Latency on", "Metric", "On-device check",
    ]  # fmt: skip
    assert lines(EVERYTHING, [MEASURED])[0].metric is None
    assert "| Metric |" not in render_markdown(EVERYTHING)
    text = render_markdown(REPORT)
    assert "| Latency on<br>jvm x86_64, 1 thread | Metric | On-device check |\n|:--|--:|--:|--:|--:|:--|\n" in text
    assert "×0.94 and ×1.09 | 0.9861<br>-0.0028<br>eager 0.9917 | passed<br>" in text
    assert "Metric: the configuration's own, of the file on the host, and its change" in text
    page = render_html(REPORT)
    assert '<th scope="col">Metric</th>' in page
    assert 'colspan="5"' in page
    assert "<dt>Metric</dt><dd>0.9861, -0.0028, eager 0.9917</dd>" in page
    for width in (80, 120):
        table = printed(REPORT, width)
        assert "0.9861" in table
        assert "eager" in table
        assert max(map(len, table.splitlines())) <= width


@pytest.mark.parametrize(
    ("on_host", "said"), [(108.04, ""), (113.0, ""), (114.1, "host 114.1 dB"), (300.0, "host exact"), (None, "")]
)
def test_the_hosts_parity_stands_beside_the_devices_where_they_differ(on_host: float | None, said: str) -> None:
    assert lines(CALM, [replace(IDENTICAL, parity=Parity(1e-6, on_host))])[0].check.aside == said


HOST = "host, executorch 1.3.1"
TIMED = replace(GREW, latency=replace(GREW.latency, device=HOST))


def test_a_time_of_another_device_names_it() -> None:
    """The column's title names the trial's device, which this one is not."""
    assert lines(replace(CALM, rows=(TIMED,)), [TIMED])[0].latency.lines == (
        "11.2 → 14.9 ms",
        "×1.33, slower",
        "1.29 to 1.38",
        "on host, executorch 1.3.1, 1 thread",
    )
    assert "1.29 to 1.38**<br>**on host, executorch 1.3.1, 1 thread**" in render_markdown(replace(CALM, rows=(TIMED,)))
    assert "host, executorch 1.3.1, 1 thread" in render_html(replace(CALM, rows=(TIMED,)))


def test_what_xnnpack_takes() -> None:
    assert GREW.base is not None
    assert GREW.head is not None
    before = replace(GREW.base, delegation=Delegation(62, 62))
    after = replace(GREW.head, delegation=Delegation(68, 70, {"aten::relu": 2}))
    page = render_html(replace(CALM, rows=(replace(GREW, base=before, head=after),)))
    assert "62 of 62 operators → 68 of 70 operators" in page
    page = render_html(replace(CALM, rows=(replace(GREW, base=None, head=after),)))
    assert "68 of 70 operators" in page
    assert "→ 68" not in page


def test_what_a_precision_gains_is_shown_where_nothing_changed() -> None:
    head = replace(side(11_843_250, 10_669_826), fp32_ratio=0.25328)
    new = lines(replace(CALM, base=None, rows=()), [Row("resnet18", "lite", "int8", "new", head=head)])[0]
    assert new.file.lines == ("11.84 MB", "25.3 % of fp32")
    assert new.download.lines == ("10.67 MB",)
    changed = lines(CALM, [Row("resnet18", "lite", "int8", "compared", base=side(11_000_000, 1), head=head)])[0]
    assert changed.file.lines == ("11.84 MB", "+843,250 B", "+7.7 %")


ALONE = Latency(
    "not-measured", "there is no base to time it against", head_ms=4.2, head_low_ms=3.9, head_high_ms=4.6,
    rounds=240, loads=6, confidence=0.96875, head_load_ms=20.0, head_first_ms=6.0, device="jvm x86_64", threads=1, seed=7,
)  # fmt: skip


@pytest.mark.parametrize(
    ("latency", "cell"),
    [
        (ALONE, Cell("4.20 ms", "3.90 to 4.60 ms", tone="quiet")),
        (replace(ALONE, head_low_ms=None, head_high_ms=None), Cell("4.20 ms", tone="quiet")),
        (replace(ALONE, device="host, ExecuTorch"), Cell("4.20 ms", "3.90 to 4.60 ms", tone="quiet", place="on host, ExecuTorch, 1 thread")),
        (Latency("not-measured", "there is no base to time it against"), Cell("not measured", tone="quiet")),
        (Latency("not-measured", "the device is gone"), Cell("not measured", "the device is gone", tone="quiet")),
    ],
)  # fmt: skip
def test_head_timed_alone_has_a_time_and_no_verdict(latency: Latency, cell: Cell) -> None:
    row = replace(IDENTICAL, status="new", base=None, latency=latency)
    assert lines(CALM, [row])[0].latency == cell


def test_the_legend_and_the_page_say_how_head_alone_was_timed() -> None:
    first = replace(CALM, base=None, rows=(replace(IDENTICAL, status="new", base=None, latency=ALONE),))
    text, page = render_markdown(first), render_html(first)
    for said in (text, page):
        assert "Latency of head alone: the median over fresh loads, and its 95 % interval." in said
        assert "base → base times the ratio" not in said
    assert "<dt>Timed</dt><dd>6 fresh loads, 240 rounds in an order by seed 7</dd>" in page
    assert "<dt>Load, fresh</dt><dd>20.0 ms</dd>" in page
    assert "<dt>First run, fresh</dt><dd>6.00 ms</dd>" in page
    both = render_markdown(replace(first, rows=(*first.rows, TOUCHED)))
    assert "base → base times the ratio" in both
    assert "Latency of head alone" in both
