"""No sentence of what a newcomer reads first is longer than 40 words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
MOST_WORDS = 40
FIRST_READ = ("README.md", "docs/quickstart.md")
# A sentence ends before a capital, code or a link; "e.g." and versions go on.
END = re.compile(r"""(?:(?<=[.!?])|(?<=[.!?][)"']))(?<!e\.g\.)\s+(?=[A-Z0-9"'(\x00])""")
# Written from real runs: what a report says is held by its own tests.
WRITTEN = re.compile(r"<!-- [^>]*written by make quickstart -->.*?<!-- end -->", re.DOTALL)


def sentences(markdown: str) -> Iterator[str]:
    """Split each paragraph, item and cell of a page; a span of code is one word, a picture none."""
    for token in MARKDOWN.parse(WRITTEN.sub("", markdown)):
        if token.type == "inline":
            said = "".join(map(_said, token.children or ()))
            yield from (one.replace("\x00", "") for one in END.split(said) if one.strip())


def words(sentence: str) -> int:
    return sum(any(char.isalnum() for char in word) for word in sentence.split())


def _said(token: Token) -> str:
    if token.type == "link_open":
        return "\x00"
    if token.type == "code_inline":
        return f"\x00{re.sub(r'[^A-Za-z0-9]+', '-', token.content)}"
    return " " if token.type in ("softbreak", "hardbreak") else token.content if token.type == "text" else ""


@pytest.mark.parametrize("page", FIRST_READ)
def test_no_sentence_is_too_long(page: str) -> None:
    found = [one for one in sentences((ROOT / page).read_text()) if words(one) > MOST_WORDS]
    assert found == [], f"{page}: more than {MOST_WORDS} words"


def test_what_a_sentence_is() -> None:
    page = """# A title

One sentence, e.g. this of 2.5 words. `pocketfit run --base main` is one word. (So is
this.) **Bold** ![a picture](a.png)!

- an item
- another. And more

| a cell. Two | three |
| :-- | :-- |
| four … five | |

```sh
no sentence
```
<!-- x, first: written by make quickstart -->
Not ours to judge.
<!-- end -->
"""
    assert list(sentences(page)) == [
        "A title",
        "One sentence, e.g. this of 2.5 words.",
        "pocketfit-run-base-main is one word.",
        "(So is this.)",
        "Bold !",
        "an item",
        "another.",
        "And more",
        "a cell.",
        "Two",
        "three",
        "four … five",
    ]
    assert [words(one) for one in ("pocketfit-run-base-main is one word.", "four … five", "")] == [4, 2, 0]
