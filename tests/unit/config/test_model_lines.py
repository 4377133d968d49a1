from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.config.model_lines import NO_LINES, ConfigLines, limit_lines, locate_models

TEXT = """\
[models.net]
source = "net.py:net"
[models.net.limits]
size = "1 MB"   # of the file

[limits]
size_growth = "1%"
size = "9 MB"

[models.other]
source = "net.py:other"
limits = { latency_growth = "5%" }
"""


def test_a_limit_is_where_the_model_has_it_or_all() -> None:
    lines = ConfigLines("pocketfit.toml", {"net": 1, "other": 10}, limit_lines(TEXT))
    assert [lines.of_limit("net", limit) for limit in ("size", "size_growth", "min_sqnr_db")] == [4, 7, 1]
    assert [lines.of_limit("other", limit) for limit in ("size", "latency_growth", "metric_drop")] == [8, 12, 10]
    assert lines.of_limit("third", "metric_drop") is None
    assert NO_LINES.of_limit("net", "size") is None


def test_in_pyproject() -> None:
    text = TEXT.replace("[models.", "[tool.pocketfit.models.").replace("[limits]", "[tool.pocketfit.limits]")
    assert limit_lines(text) == limit_lines(TEXT)


@pytest.mark.parametrize("text", ["[models.net\n", "a = " + "[" * 5000])
def test_what_is_no_toml_has_none(text: str) -> None:
    assert limit_lines(text) == {}


def test_it_is_looked_for_in_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "pocketfit.toml").write_text(TEXT)
    found = locate_models(tmp_path)
    assert (found.file, found.lines, found.of_limit("net", "size")) == ("pocketfit.toml", {"net": 1, "other": 10}, 4)
