from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketfit.report.terminal.layout import fit, least_width, natural_width, wrap, wrap_hanging, wrap_name


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("one two three", 8, ["one two", "three"]),
        ("the file grew by 5,612,345 B", 26, ["the file grew by", "5,612,345 B"]),
        ("SQNR 132.0 dB", 10, ["SQNR", "132.0 dB"]),
        ("grew by 40.1 % or so", 12, ["grew by", "40.1 % or so"]),
        ("in some/folder/with/a/long/name.py", 16, ["in", "some/folder/", "with/a/long/", "name.py"]),
        ("https://example.org/docs", 12, ["https://", "example.org/", "docs"]),
        ("aten::scaled_dot_product_attention", 12, ["aten::scaled", "_dot_product", "_attention"]),
        ("日本語 模型", 6, ["日本語", "模型"]),
        ("日本語", 4, ["日本", "語"]),
    ],
)  # fmt: skip
def test_lines_break_between_words(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


@given(st.text(alphabet="ab/ 1%BdkM", max_size=60), st.integers(1, 30))
def test_nothing_is_lost_and_nothing_is_wider(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(natural_width(line) <= max(width, natural_width(line.strip())) for line in lines)
    if width >= least_width(text):
        # Every word is whole, or broken after a slash.
        words = [word for word in text.split(" ") if word]
        assert [word for line in lines for word in line.split(" ") if word] == words or "/" in text


@pytest.mark.parametrize(
    ("name", "width", "lines"),
    [
        ("resnet18/lite/fp32", 18, ["resnet18/lite/fp32"]),
        ("resnet18/lite/fp32", 16, ["resnet18/", "lite/fp32"]),
        ("classifier/torchscript/fp32", 16, ["classifier/", "torchscript/fp32"]),
        ("classifier/torchscript/fp32", 12, ["classifier/", "torchscript/", "fp32"]),
    ],
)
def test_a_name_breaks_after_its_slashes(name: str, width: int, lines: list[str]) -> None:
    assert wrap_name(name, width) == lines


def test_a_hanging_indent() -> None:
    text = "✓ memory          6.40 GB for a model's process (--limit memory=SIZE)"
    assert wrap_hanging(text, 80, 18) == [text]
    assert wrap_hanging(text, 50, 18) == [
        "✓ memory          6.40 GB for a model's process",
        "                  (--limit memory=SIZE)",
    ]
    assert wrap_hanging("see a/long/path", 8, 2) == ["see", "  a/", "  long/", "  path"]


def test_the_longest_word_says_how_narrow_a_column_can_be() -> None:
    assert least_width("classifier/torchscript/fp32") == len("torchscript/")
    assert least_width("SQNR 132.0 dB") == len("132.0 dB")
    assert least_width("this image has no ExecuTorch Android runtime") == len("ExecuTorch")


def test_columns_get_what_they_need_then_what_they_prefer_then_the_rest() -> None:
    assert fit((4, 4), (8, 8), (20, 10), 7) is None
    assert fit((4, 4), (8, 8), (20, 10), 8) == (4, 4)
    assert fit((4, 4), (8, 8), (20, 10), 14) == (8, 6)
    assert fit((4, 4), (8, 8), (20, 10), 19) == (9, 10)
    # No wider than their widest line.
    assert fit((4, 4), (8, 8), (5, 6), 80) == (5, 6)


@pytest.mark.parametrize("text", ["net/::add-mask::y/fp32", "a word ::add-mask::y here", "n" * 9 + ":::::error::y"])
def test_no_line_is_a_command_of_a_workflow(text: str) -> None:
    """Seeds 40827 and 8601 of the fuzz targets reports and snapshots_and_trials: a name was broken before its colons."""
    for width in range(3, 30):
        for line in (*wrap(text, width), *wrap_name(text, width)):
            assert not line.lstrip().startswith("::")
