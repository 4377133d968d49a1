from __future__ import annotations

import pytest

from pocketfit.text import NEAR_NAMES, clean, is_sha, near_word, utf16_length


@pytest.mark.parametrize("value", ["a" * 40, "0123456789" * 4, "0123456789abcdef" * 4])
def test_a_commit_has_40_digits_or_64_in_a_sha256_repository(value: str) -> None:
    assert is_sha(value)


@pytest.mark.parametrize(
    "value", [None, 7, "", "main", "a" * 39, "a" * 41, "a" * 63, "A" * 40, "g" * 40, "a" * 40 + "\n"]
)
def test_what_is_shorter_longer_or_no_hexadecimal_is_no_commit(value: object) -> None:
    assert not is_sha(value)


@pytest.mark.parametrize(("text", "length"), [("", 0), ("aé漢", 3), ("\U0001f4f1", 2), ("\ud83d", 1)])
def test_characters_outside_the_basic_plane_count_double(text: str, length: int) -> None:
    assert utf16_length(text) == length


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("::add-mask::x", ": :add-mask::x"),
        ("  \n::error::x", ": :error::x"),
        ("\u200b::error::x", ": :error::x"),
        (":::::", ": ::::"),
        ("aten::conv2d", "aten::conv2d"),
        ("a ##[error]b", "a ## [error]b"),
        ("#\u200b#[error]", "## [error]"),
        ("\x1b]52;c;YQ==\x07", "]52;c;YQ=="),
        ("\u202eevil\u2066", "evil"),
        ("one\u2028two\r\nthree", "one two three"),
        ("\udc80", ""),
    ],
)
def test_text_from_outside_is_fit_for_a_log(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("lit", ("lite", "torchscript"), "lite"),
        ("formts", ("formats", "precisions"), "formats"),
        ("float23", ("float32", "float64"), "float32"),
        # Another thing, however alike it is.
        ("tflite", ("lite",), None),
        ("int4", ("int8",), None),
        ("bf16", ("fp16",), None),
        ("iphone", ("none",), None),
        ("", ("none",), None),
    ],
)
def test_a_word_is_near_where_it_was_mistyped(word: str, known: tuple[str, ...], meant: str | None) -> None:
    assert near_word(word, known) == meant


def test_names_of_peoples_own_may_be_less_alike() -> None:
    assert near_word("nat", ["net"]) is None
    assert near_word("nat", ["net"], NEAR_NAMES) == "net"
