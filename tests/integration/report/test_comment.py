"""The comment in a real Chromium, at the width and in the sizes that GitHub gives it."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from pocketfit.records import Report
from pocketfit.report.markdown import Job, render_markdown
from tests.integration.conftest import require
from tests.unit.report.rich import many
from tests.unit.report.thirteen import THIRTEEN
from tools.pictures.browser import find_chromium, launch
from tools.pictures.comment import comment_page

SCREEN = 900
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
