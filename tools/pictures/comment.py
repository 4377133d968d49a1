"""A comment as GitHub shows it: its Markdown in a page with GitHub's width, sizes and colours."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from markdown_it import MarkdownIt

Scheme = Literal["light", "dark"]
STYLE = Path(__file__).with_name("comment.css")
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def comment_page(markdown: str, scheme: Scheme = "light") -> str:
    """Give a whole HTML page whose one element `.comment` is the comment, with nothing that is fetched."""
    return (
        f'<!doctype html><html lang="en" data-scheme="{scheme}"><meta charset="utf-8"><title>A comment</title>'
        f"<style>{STYLE.read_text()}</style><article class=comment>{MARKDOWN.render(markdown)}</article></html>"
    )
