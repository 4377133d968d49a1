"""Every relative link of README and the documents leads to a file that is there, and to a heading of it."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from pocketfit.report.reasons.entries import PAGE

ROOT = Path(__file__).parents[2]
OURS = "https://github.com/pocketfit/pocketfit/blob/main/"
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def pages() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    named = {"docs/glossary.md", "docs/troubleshooting.md", *listed.stdout.split()}
    # Of cases and data each file is as somebody else wrote it.
    return sorted(page for page in named if not page.startswith(("tests/cases/", "tests/data/")))


def links(text: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    inline = [child for token in MARKDOWN.parse(text) for child in token.children or ()]
    found = [str(one.attrs[key]) for one in inline for key in ("href", "src") if key in one.attrs]
    html = [token.content for token in (*MARKDOWN.parse(text), *inline) if token.type.startswith("html")]
    return found + re.findall(r'(?:href|src)="([^"]+)"', "\n".join(html))


@cache
def anchors(page: Path) -> frozenset[str]:
    """What GitHub lets a link lead to: headings as slugs, and anchors that are written out."""
    text = page.read_text()
    tokens = MARKDOWN.parse(text)
    titles = [
        "".join(child.content for child in tokens[index + 1].children or ())
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    slugs, counts = [], Counter[str]()
    for title in titles:
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        slugs.append(f"{slug}-{counts[slug]}" if counts[slug] else slug)
        counts[slug] += 1
    return frozenset([*slugs, *re.findall(r'<a (?:id|name)="([^"]+)"', text)])


def problem(page: str, link: str) -> str | None:
    """Say what is wrong with a link on a page; None where it leads somewhere, or out of the repository."""
    link = f"/{link.removeprefix(OURS)}" if link.startswith(OURS) else link
    if re.match(r"[a-z][a-z+.-]*:", link):
        return None
    path, _, anchor = link.partition("#")
    file = ROOT / path.lstrip("/") if path.startswith("/") else (ROOT / page).parent / unquote(path)
    file = file if path else ROOT / page
    if not file.exists():
        return f"{link}: no such file"
    if anchor and file.suffix == ".md" and anchor not in anchors(file):
        return f"{link}: no such heading"
    return None


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_somewhere(page: str) -> None:
    assert [said for link in links((ROOT / page).read_text()) if (said := problem(page, link))] == []


def test_what_a_broken_link_is_said_to_be() -> None:
    text = '[a](docs/gone.md) [b](docs/work.md#gone) ![c](gone.svg) <img src="gone.png"> [d](#gone) [e](docs/github.md#one-comment)'
    said = [found for link in links(text) if (found := problem("README.md", link))]
    assert said == [
        "docs/gone.md: no such file",
        "docs/work.md#gone: no such heading",
        "gone.svg: no such file",
        "#gone: no such heading",
        "gone.png: no such file",
    ]
    assert problem("docs/work.md", f"{PAGE}#gone") == "/docs/troubleshooting.md#gone: no such heading"
    assert problem("docs/work.md", f"{PAGE}#size-limit") is None
    assert problem("docs/work.md", "https://example.org/gone#x") is None


def test_the_glossary_is_sorted() -> None:
    rows = re.findall(r"^\| (\S.*?) \| ", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    words = [row.lower() for row in rows if row not in ("word", ":--")]
    assert words == sorted(words, key=lambda word: re.sub(r"[^a-z0-9]", "", word))
    assert len(words) > 30
