"""The page in a real Chromium: it fits, says nothing on the console, is reachable, and is found by search and link."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pocketfit.report.html import render_html
from tests.integration.conftest import require
from tests.unit.report.rich import ARABIC, HEBREW, HOSTILE, LONG, RICH, many
from tools.pictures.browser import find_chromium, launch

WIDTHS = (390, 700, 1040, 1920)
# Of 200 variants. Times say more about the machine: docs/verification.md has one.
MOST_BYTES, MOST_NODES = 1_000_000, 40_000
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Of tables: they would be painted over what stands beside them.
WIDER = """[...document.querySelectorAll('table.small')].filter(table => table.checkVisibility() &&
  table.getBoundingClientRect().right > table.parentElement.getBoundingClientRect().right + 1).map(table => table.innerText)"""
SHOWN = "[...document.querySelectorAll('tr.row')].filter(row => row.checkVisibility()).map(row => row.id)"

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name, report in (("rich", RICH), ("hostile", HOSTILE), ("many", many(40))):
        (folder / f"{name}.html").write_text(render_html(report))
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require(find_chromium(), "no Chromium is on PATH")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, folder: Path) -> Iterator[Open]:
    """Opens a page; at the end nothing was said on any console, and nothing fetched."""
    said: list[str] = []
    contexts = []

    def opened(name: str, fragment: str = "", width: int = 1040, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith("file:") else said.append(request.url))
        page.goto(f"{(folder / name).as_uri()}.html{fragment}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


@pytest.mark.parametrize("name", ["rich", "hostile", "many"])
def test_it_fits_every_screen_folded_and_unfolded(visit: Open, name: str) -> None:
    page = visit(name)
    for fold in ("folded", "unfolded"):
        if fold == "unfolded":
            page.get_by_role("button", name="Unfold all").click()
        for width in WIDTHS if name != "many" else WIDTHS[:2]:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(OVERFLOW) == 0, (fold, width)
            assert page.evaluate(WIDER) == [], (fold, width)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1040), ("dark", 1040), ("light", 390)])
def test_axe_has_nothing_to_say(visit: Open, scheme: str, width: int) -> None:
    page = visit("rich", color_scheme=scheme, width=width)
    page.get_by_role("button", name="Unfold all").click()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]][:2]) for one in found] == []


def test_names_are_whole_and_harmless(visit: Open) -> None:
    page = visit("hostile")
    assert page.title() == "Pocketfit: 2 of 5 variants fail"
    assert page.locator("h1").count() == 1
    text = page.inner_text("main")
    for name in (LONG, ARABIC, f"{HEBREW}/../<script>document.title='owned'</script>", "</table><h1>Approved</h1>"):
        assert name in text


def test_search_and_status(visit: Open) -> None:
    page = visit("rich")
    page.get_by_label("Search").fill("SCALED_dot jvm")
    assert page.evaluate(SHOWN) == ["vit_b_16/lite/fp32", "ancient/lite/fp32"]
    assert page.locator("tr.more").filter(visible=True).count() == 2
    assert page.locator("#shown").inner_text() == "2 of 11 shown"
    page.get_by_label("Status").select_option("failed-before")
    assert page.evaluate(SHOWN) == ["ancient/lite/fp32"]
    page.get_by_label("Search").fill("")
    page.get_by_label("Status").select_option("identical")
    assert page.evaluate(SHOWN) == ["resnet18/lite/fp32", "resnet18/lite/int8"], "it unfolds what is found"
    page.get_by_label("Search").fill("no such model")
    assert page.evaluate(SHOWN) == []
    assert page.locator("#shown").inner_text() == "0 of 11 shown"


def test_sort(visit: Open) -> None:
    page = visit("rich")
    by_default = page.evaluate(SHOWN)
    for key, first in (
        ("size", "vit_b_16"),
        ("growth", "mobilenet_v2"),
        ("latency", "mobilenet_v2"),
        ("name", "ancient"),
    ):
        page.get_by_label("Sort by").select_option(key)
        shown = page.evaluate(SHOWN)
        assert shown[0] == f"{first}/lite/fp32"
        assert sorted(shown) == sorted(by_default)
    models = [row.partition("/")[0] for row in shown]
    assert models == sorted(models)
    below = page.locator("tr.row + tr.more").count()
    assert below == len(RICH.rows), "what unfolds has gone with its row"
    page.get_by_label("Sort by").select_option("")
    assert page.evaluate(SHOWN) == by_default


def test_a_link_shows_its_row(visit: Open) -> None:
    page = visit("rich", "#resnet18/lite/int8")
    row = page.locator("[id='resnet18/lite/int8']")
    assert row.is_visible(), "what is byte-identical is folded otherwise"
    assert page.locator("[id='resnet18/lite/int8'] + .more details").first.get_attribute("open") is not None
    page.get_by_label("Search").fill("detector")
    page.get_by_role("link", name="mobilenet_v2/lite/fp32", exact=True).click()
    assert page.locator("[id='mobilenet_v2/lite/fp32']").is_visible()
    assert page.get_by_label("Search").input_value() == ""
    visit("rich", "#no/such/row")
    visit("rich", "#%")


def test_the_keyboard_reaches_all_of_it(visit: Open) -> None:
    page = visit("rich")
    page.get_by_label("Search").focus()
    reached = []
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.localName"))
    of_its_first_rows = ["summary", "a", "a", "a", "summary", "a", "summary"]
    assert reached == ["status", "sort", "unfold", *of_its_first_rows]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True


def test_the_head_of_the_table_stays(visit: Open) -> None:
    page = visit("rich")
    page.get_by_role("button", name="Unfold all").click()
    page.evaluate("window.scrollTo(0, 2500)")
    head = page.locator("thead").first.locator("th").first.bounding_box()
    assert head is not None
    assert head["y"] == 0


def test_a_row_is_a_card_on_a_phone(visit: Open) -> None:
    page = visit("rich", width=390)
    card = page.locator("[id='mobilenet_v2/lite/fp32']")
    cells = [cell.bounding_box() for cell in card.locator("td").all()]
    assert len({cell["x"] for cell in cells if cell}) == 1, "each cell has a line of its own"
    label = "getComputedStyle(document.querySelector('tr.row td'), '::before').content"
    assert page.evaluate(label) == '"File"'


def test_without_a_script_all_can_be_read(visit: Open) -> None:
    page = visit("rich", java_script_enabled=False)
    assert not page.locator("#tools").is_visible()
    assert page.locator("tr.row").count() == len(RICH.rows)
    page.locator("summary", has_text="Details of mobilenet_v2 lite/fp32").click()
    assert page.get_by_text("Instructions of a forward").first.is_visible()
    page.locator("summary", has_text="Size by module").first.click()
    assert page.locator("svg.treemap").first.is_visible()


def test_paper_has_no_tools(visit: Open) -> None:
    page = visit("rich", width=760)
    page.emulate_media(media="print")
    assert not page.locator("#tools").is_visible()
    assert not page.get_by_text("Details of mobilenet_v2 lite/fp32").first.is_visible()
    assert page.get_by_text("the file grew by 5,612,345 B").is_visible()
    assert page.evaluate(OVERFLOW) == 0


def test_two_hundred_variants(visit: Open, folder: Path) -> None:
    assert (folder / "many.html").stat().st_size < MOST_BYTES
    page = visit("many")
    assert page.locator("tr.row").count() == 200
    assert page.evaluate("document.querySelectorAll('*').length") < MOST_NODES
    page.get_by_label("Search").fill("family3.net12 int8")
    assert page.evaluate(SHOWN) == ["family3.net12/executorch/int8", "family3.net12/lite/int8"]
