from __future__ import annotations

import pytest

from pocketfit.text import is_sha, utf16_length


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
