"""What the pictures were made from: a real run's report, and what its comment and page said then."""

from __future__ import annotations

import re
from hashlib import sha256
from html import unescape
from pathlib import Path

from pocketfit.records import Report
from pocketfit.report.html import render_html
from pocketfit.report.markdown import render_markdown

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
REPORT = IMAGES / "report.json"
FORMS = IMAGES / "made-from.json"


def forms(report: Report) -> dict[str, str]:
    """Give the SHA-256 of the comment's Markdown, and of the page's words: its colours and gaps may change."""
    words = re.sub(r"<(style|script)\b.*?</\1>", "", render_html(report), flags=re.DOTALL)
    words = " ".join(unescape(re.sub(r"<[^>]*>", " ", words)).split())
    return {
        name: sha256(text.encode()).hexdigest()
        for name, text in (("comment", render_markdown(report)), ("page", words))
    }
