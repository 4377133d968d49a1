from __future__ import annotations

from pathlib import Path

from tools.documents import write_between


def test_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\n| old |\n<!-- end of a -->\nafter\n")
    write_between(page, "<!-- a -->", "<!-- end of a -->", "| new\\1 |")
    assert page.read_text() == "before\n<!-- a -->\n| new\\1 |\n<!-- end of a -->\nafter\n"
