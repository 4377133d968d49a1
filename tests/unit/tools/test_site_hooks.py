from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from tests.unit.test_links import ROOT
from tools.site_hooks import readdressed


def test_every_page_is_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    assert sorted(re.findall(r": ([\w-]+\.md)$", menu, re.MULTILINE)) == sorted(
        ["index.md", *(path.name for path in (ROOT / "docs").glob("*.md"))]
    )


@pytest.mark.parametrize(
    ("folder", "link", "expected"),
    [
        ("", "[a](docs/work.md#cost)", "[a](work.md#cost)"),
        ("", "[a](examples/workflows/)", "[a](https://github.com/pocketfit/pocketfit/blob/main/examples/workflows)"),
        ("", '<img src="docs/work.svg">', '<img src="work.svg">'),
        ("", "[a](SECURITY.md)", "[a](https://github.com/pocketfit/pocketfit/blob/main/SECURITY.md)"),
        ("docs", "[`a`](work.md)", "[`a`](work.md)"),
        ("docs", "[a](../README.md#devices)", "[a](index.md#devices)"),
        ("docs", "[a](../Makefile#L3)", "[a](https://github.com/pocketfit/pocketfit/blob/main/Makefile#L3)"),
        ("docs", "[a](gone.md) [b](../gone.py)", "[a](gone.md) [b](../gone.py)"),
        ("docs", "[a](#here) [b](https://x.example/y)", "[a](#here) [b](https://x.example/y)"),
        ("docs", "`[a](../x)`\n```\n[a](../x)\n```", "`[a](../x)`\n```\n[a](../x)\n```"),
    ],
)
def test_links_lead_to_the_site_or_to_the_repository(folder: str, link: str, expected: str) -> None:
    assert readdressed(link, PurePosixPath(folder)) == expected
