"""Badges of a commit: for shields.io's endpoint as JSON, and as SVG that needs nobody. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from pocketfit.formats import FORMATS, PRECISIONS
from pocketfit.records import HistoryEntry, HistoryVariant
from pocketfit.units import format_bytes

LABEL = "on the phone"
FOLDER = "badges"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", re.ASCII)
COLORS = {"pass": ("brightgreen", "#2e7d32"), "fail": ("red", "#c62828"), "error": ("lightgrey", "#616161")}
# A branch with more would be mostly badges.
MOST_VARIANTS = 50
# Of letters and margins as wide as Verdana's at 11 px: what is less wide has more room, and what is wider is squeezed.
LETTER_PX, MARGIN_PX, HEIGHT_PX = 6.5, 6, 20


def badges(entry: HistoryEntry) -> Mapping[str, str]:
    """Give the files of badges by their names: one of all variants, and in `badges/` one of each, of not too many."""
    color = COLORS[entry.verdict]
    files = _both("badge", LABEL, _sizes(entry), color)
    for one in entry.variants[:MOST_VARIANTS]:
        if _can_name_a_file(one):
            color = COLORS["fail" if one.status == "failed" else "pass"]
            files |= _both(f"{FOLDER}/{one.variant.stem}", str(one.variant), format_bytes(one.size_bytes), color)
    return files


def _sizes(entry: HistoryEntry) -> str:
    """The sizes of all: from the smallest to the largest."""
    sizes = sorted(one.size_bytes for one in entry.variants)
    first, last = format_bytes(sizes[0]), format_bytes(sizes[-1])
    return first if first == last else f"{first} to {last}"


def _can_name_a_file(one: HistoryVariant) -> bool:
    return NAME.fullmatch(one.model) is not None and one.format in FORMATS and one.precision in PRECISIONS


def _both(name: str, label: str, message: str, color: tuple[str, str]) -> dict[str, str]:
    word, fill = color
    endpoint = {"schemaVersion": 1, "label": label, "message": message, "color": word}
    return {f"{name}.json": json.dumps(endpoint) + "\n", f"{name}.svg": badge_svg(label, message, fill)}


def badge_svg(label: str, message: str, fill: str) -> str:
    """Draw a badge of two words; whatever they are, they are text in it."""
    left, right = (round(LETTER_PX * len(text)) + 2 * MARGIN_PX for text in (label, message))
    whole = escape(f"{label}: {message}")
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT_PX}" role="img" \
aria-label={quoteattr(f"{label}: {message}")}>
<title>{whole}</title>
<rect width="{left}" height="{HEIGHT_PX}" fill="#424242"/>
<rect x="{left}" width="{right}" height="{HEIGHT_PX}" fill="{fill}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">
<text x="{left / 2:g}" y="14" textLength="{left - 2 * MARGIN_PX}">{escape(label)}</text>
<text x="{left + right / 2:g}" y="14" textLength="{right - 2 * MARGIN_PX}">{escape(message)}</text>
</g>
</svg>
"""
