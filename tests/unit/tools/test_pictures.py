"""The pictures of the documents show what Pocketfit says today, and are small."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pocketfit.store import read_report
from tests.unit.test_links import ROOT
from tools.pictures.comment import comment_page
from tools.pictures.source import FORMS, IMAGES, REPORT, forms

LARGEST_BYTES = 150_000
PICTURES = sorted(IMAGES.glob("*.png"))


def test_they_show_the_comment_and_the_page_as_they_are_now() -> None:
    made_from = json.loads(FORMS.read_text())
    assert made_from == forms(read_report(REPORT)), "the comment or the page has changed: run `make pictures`"


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_each_is_a_small_png_that_readme_shows(path: Path) -> None:
    assert path.read_bytes().startswith(b"\x89PNG\r\n")
    assert path.stat().st_size < LARGEST_BYTES
    assert f"docs/images/{path.name}" in (ROOT / "README.md").read_text()


def test_readme_names_those_that_are_there_and_says_what_they_show() -> None:
    readme = (ROOT / "README.md").read_text()
    assert sorted(set(re.findall(r"docs/images/([\w-]+\.png)", readme))) == [path.name for path in PICTURES]
    assert all(len(said) > 30 for said in re.findall(r'<img alt="([^"]*)"', readme))
    assert len(PICTURES) == 4


def test_a_comment_of_the_pictures_fetches_nothing() -> None:
    page = comment_page("**Fine** | `a`\n", "dark")
    assert 'data-scheme="dark"' in page
    assert "<strong>Fine</strong>" in page
    assert not re.search(r"(?:src|href)=|url\(|@import", page)
