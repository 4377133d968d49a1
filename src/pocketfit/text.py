"""Text from outside: recognized, measured, and made fit to stand in a log, a comment or a message."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeGuard

TEXT_LENGTH = 400
# How alike two words must be: int4 is another thing than int8, and bf16 than fp16. Names that people choose are
# their own, and a short one is soon as different as that.
NEAR, NEAR_NAMES = 0.76, 0.6
# SHA-1's 40 digits, or the 64 of a repository made with `git init --object-format=sha256`.
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def clean(text: str, length: int = TEXT_LENGTH) -> str:
    """Text from outside on one line: no control characters, nothing invisible, at most `length` characters.

    Invisible includes what turns the direction of writing. What GitHub's runner takes for a command in a log is broken
    up: `##[` anywhere in a line, `::` at its beginning.
    """
    visible = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text[: 4 * length])
    visible = "".join(char for char in visible if unicodedata.category(char)[0] != "C")
    words = " ".join(visible.split()).replace("##[", "## [")
    if words.startswith("::"):
        words = f": {words[1:]}"
    return words if len(words) <= length else words[: length - 1] + "…"


def near_word(word: str, known: Iterable[str], alike: float = NEAR) -> str | None:
    """The one of `known` that was meant, where one is near enough; nobody mistypes the first letter."""
    near = get_close_matches(word, [name for name in known if name[:1].lower() == word[:1].lower()], 1, alike)
    return near[0] if near else None


def utf16_length(text: str) -> int:
    """The length in UTF-16 units: the larger of the two ways to count characters that GitHub might mean."""
    return len(text.encode("utf-16-le", errors="replace")) // 2


def is_sha(value: object) -> TypeGuard[str]:
    """Tell whether this is a commit's whole name, which no branch or tag should be taken for."""
    return isinstance(value, str) and SHA.fullmatch(value) is not None
