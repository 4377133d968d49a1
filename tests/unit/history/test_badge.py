from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from pocketfit.history.badge import badge_svg, badges
from tests.unit.history.samples import entry, variant

SVG = "{http://www.w3.org/2000/svg}"


def test_one_of_all_and_one_of_each() -> None:
    slow = replace(variant(11_000_000, "big"), status="failed")
    files = badges(replace(entry(1, variant(46_740_000, "resnet18"), slow), verdict="fail"))
    assert list(files) == [
        "badge.json",
        "badge.svg",
        "badges/resnet18.lite.fp32.json",
        "badges/resnet18.lite.fp32.svg",
        "badges/big.lite.fp32.json",
        "badges/big.lite.fp32.svg",
    ]
    assert [json.loads(text) for name, text in files.items() if name.endswith(".json")] == [
        {"schemaVersion": 1, "label": "on the phone", "message": "11.00 MB to 46.74 MB", "color": "red"},
        {"schemaVersion": 1, "label": "resnet18/lite/fp32", "message": "46.74 MB", "color": "brightgreen"},
        {"schemaVersion": 1, "label": "big/lite/fp32", "message": "11.00 MB", "color": "red"},
    ]


@pytest.mark.parametrize(("verdict", "color"), [("pass", "brightgreen"), ("fail", "red"), ("error", "lightgrey")])
def test_colors(verdict: str, color: str) -> None:
    files = badges(replace(entry(1, variant(5)), verdict=verdict))  # type: ignore[arg-type]
    assert json.loads(files["badge.json"]) == {
        "schemaVersion": 1, "label": "on the phone", "message": "5 B", "color": color,
    }  # fmt: skip


def test_the_svg_says_what_it_shows() -> None:
    root = ET.fromstring(badge_svg("on the phone", "46.74 MB", "#2e7d32"))
    assert (root.get("width"), root.get("height"), root.get("role")) == ("154", "20", "img")
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == "on the phone: 46.74 MB"
    assert [text.text for text in root.iter(f"{SVG}text")] == ["on the phone", "46.74 MB"]
    left, right = root.findall(f"{SVG}rect")
    assert int(left.get("width", "")) == int(right.get("x", ""))
    assert int(left.get("width", "")) + int(right.get("width", "")) == 154


def test_texts_are_no_markup() -> None:
    text = "\"><script>alert('x')</script>&"
    root = ET.fromstring(badge_svg(text, text, "#fff"))
    assert root.get("aria-label") == f"{text}: {text}"
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "-x", ".git", "n" * 200, "\u05de\u05d5", ""])
def test_a_name_that_is_no_models_has_no_file(name: str) -> None:
    assert list(badges(entry(1, variant(5, name)))) == ["badge.json", "badge.svg"]
    odd = replace(variant(5), format="../x")
    assert list(badges(entry(1, odd, replace(variant(5), precision="x/y")))) == ["badge.json", "badge.svg"]


def test_not_too_many() -> None:
    many = badges(entry(1, *(variant(number, f"net{number}") for number in range(200))))
    assert len(many) == 2 + 2 * 50
    assert json.loads(many["badge.json"])["message"] == "0 B to 199 B"
