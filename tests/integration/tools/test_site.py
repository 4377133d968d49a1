"""The documents as a site: built strictly, with nothing from elsewhere, and found by its search in a real Chromium."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import sync_playwright

from tests.integration.conftest import require
from tools.pictures.browser import find_chromium, launch

ROOT = Path(__file__).parents[3]
SITE = ROOT / "build" / "site"
# What a page fetches by itself; links are the reader's.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\b(?:src|srcset)="?(?:https?:)?//|<link\b[^>]*rel="?(?:stylesheet|icon|preconnect)"?[^>]*href="?(?:https?:)?//"""
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    subprocess.run(["make", "--no-print-directory", "site"], cwd=ROOT, check=True, timeout=300)
    handler = partial(SimpleHTTPRequestHandler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_document_is_a_page_that_fetches_nothing_from_elsewhere(address: str) -> None:
    pages = {path.stem: path.read_text() for path in SITE.glob("*.html")}
    assert set(pages) == {"404", "index", *(path.stem for path in (ROOT / "docs").glob("*.md"))}
    assert {name: found for name, page in pages.items() if (found := FETCHED.findall(page))} == {}


def test_the_search_finds_a_page(address: str) -> None:
    require(find_chromium(), "no Chromium is on PATH")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/index.html")
        box = page.get_by_role("textbox", name="Search")
        box.click()
        # What is typed before its index is there is lost, and so is what no key typed.
        page.locator(".md-search-result__meta", has_text="Type to start searching").wait_for()
        box.press_sequentially("first ten minutes")
        page.locator(".md-search-result__item a[href*='quickstart.html']").first.wait_for()
        page.screenshot(path=SITE.parent / "site-search.png")
        assert page.get_by_role("link", name="The first ten minutes").first.is_visible()
        assert [url for url in asked if not url.startswith((address, "blob:", "data:"))] == []
        browser.close()
