"""The comment in a real Chromium, at the width and in the sizes that GitHub gives it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import sync_playwright

from pocketfit.records import Metric, OutputParity, Parity, Report, Row, Work
from pocketfit.report.markdown import Job, render_markdown
from tests.integration.conftest import require
from tests.unit.report.rich import RICH, many
from tests.unit.report.samples import EVERYTHING, GREW, TOUCHED, side
from tests.unit.report.thirteen import THIRTEEN
from tools.pictures.browser import find_chromium, launch
from tools.pictures.comment import comment_page

SCREEN = 900
WORK = Work(206_003_092, 590_000_000, 84_000_000, "arm64-v8a", "cortex-a76", "pytorch_android_lite 1.12.2")
LONG_CHECK = Parity(outputs=(OutputParity("", degenerate="is all zeros"),))
JOB = Job("https://github.com/owner/repository/actions/runs/1", "a" * 40)


@pytest.mark.parametrize(("report", "most"), [(THIRTEEN, SCREEN), (many(40), 2 * SCREEN)], ids=["13", "200"])
def test_thirteen_variants_of_which_five_fail_are_one_screen_and_200_two(report: Report, most: int) -> None:
    require(find_chromium(), "no Chromium is on PATH")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1000, "height": SCREEN})
        page.set_content(comment_page(render_markdown(report, job=JOB)))
        box = page.locator(".comment").bounding_box()
        browser.close()
    assert box is not None
    assert box["width"] == 880
    assert 200 < box["height"] <= most


def everything_changed(model: str, format: str, precision: str, **more: object) -> Row:
    """A row with something in each column: file, latency, work, metric, check."""
    before = replace(side(13_995_123, 12_901_000), work=WORK)
    after = replace(side(107_607_468, 98_001_234), work=replace(WORK, instructions=1_341_337_576))
    row = replace(GREW, model=model, format=format, precision=precision, base=before, head=after)
    return replace(row, metric=Metric(0.9917, 0.9917, 0.8889), **more)  # type: ignore[arg-type]


WORST = replace(
    EVERYTHING,
    rows=(
        everything_changed("mobilenet_v3_large", "torchscript", "int8-dynamic"),
        everything_changed("mobilenet_v3_large", "executorch", "int8-dynamic", status="compared", failed_limits=()),
        everything_changed(
            *("keyword_spotter", "executorch", "int8-dynamic"),
            status="compared",
            failed_limits=(),
            latency=replace(TOUCHED.latency, confidence=0.75),
            parity=LONG_CHECK,
        ),
    ),
)
WITHOUT_METRIC = replace(WORST, rows=tuple(replace(row, metric=None) for row in WORST.rows))


@pytest.mark.parametrize(
    "report",
    [THIRTEEN, RICH, many(40), WORST, WITHOUT_METRIC],
    ids=["13", "rich", "200", "all changed", "without a metric"],
)
def test_the_table_is_no_wider_than_the_comment(report: Report) -> None:
    require(find_chromium(), "no Chromium is on PATH")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1000, "height": SCREEN})
        page.set_content(comment_page(render_markdown(report, job=JOB)))
        table = page.locator(".comment > table")
        needed, given = (table.evaluate(f"table => table.{name}") for name in ("scrollWidth", "clientWidth"))
        browser.close()
    assert needed <= given <= 846
