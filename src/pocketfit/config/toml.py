"""TOML as text: values and keys as people write them, and the line that each key stands on. tomllib gives neither."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# Where a value is in a document: keys of tables, numbers in lists.
Place = tuple[str | int, ...]

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
TRIPLE = {'"""': re.compile(r'(?:\\.|[^\\])*?"{3,5}', re.DOTALL), "'''": re.compile(r".*?'{3,5}", re.DOTALL)}
SINGLE = {'"': re.compile(r'(?:\\.|[^"\\])*"'), "'": re.compile(r"[^']*'")}
BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
SCALAR = re.compile(r"[^,\]}\n#]*")


def written(value: Any) -> str:
    """A value as TOML has it on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case list() | tuple():
            return f"[{', '.join(map(written, value))}]"
        case Mapping():
            pairs = ", ".join(f"{written_key(str(key))} = {written(item)}" for key, item in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
    return str(value)


def written_key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    # The one character that JSON takes as it is and TOML does not.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def dotted(place: Place) -> str:
    """A place as one reads it: `models.net.inputs.0.shape`."""
    return ".".join(str(part) if isinstance(part, int) else written_key(part) for part in place)


def lines_of(text: str) -> dict[Place, int]:
    """The line, counted from 1, of each key, table and item of a document that tomllib has taken."""
    return _Scanner(text).document()


class _Scanner:
    """Goes through the document once; `at` is where it is."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.counted, self.line = 0, 1
        self.lines: dict[Place, int] = {}
        # How many tables each array of tables has so far.
        self.counts: dict[Place, int] = {}

    def document(self) -> dict[Place, int]:
        table: Place = ()
        while self._skip_blank():
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
        return self.lines

    def _header(self) -> Place:
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        *parents, last = self._key()
        self.at += 2 if many else 1
        place: Place = ()
        for part in parents:
            place = self._newest((*place, part))
        place = (*place, last)
        if many:
            self._note(place)
            self.counts[place] = self.counts.get(place, 0) + 1
        place = self._newest(place)
        self._note(place)
        return place

    def _newest(self, place: Place) -> Place:
        """The table that a header's name means where there is an array of such: the last one so far."""
        return (*place, self.counts[place] - 1) if place in self.counts else place

    def _pair(self, table: Place) -> None:
        place = table
        for part in self._key():
            place = (*place, part)
            self._note(place)
        self._skip_blank()
        self.at += 1
        self._skip_blank()
        self._value(place)

    def _key(self) -> list[str]:
        """The parts of a dotted key, which may be quoted."""
        parts: list[str] = []
        while True:
            self._skip_blank()
            bare = BARE_KEY.match(self.text, self.at)
            if bare:
                parts.append(bare[0])
                self.at = bare.end()
            else:
                start = self.at
                self._string()
                quoted = self.text[start : self.at]
                parts.append(_unquoted(quoted))
            self._skip_blank()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _value(self, place: Place) -> None:
        match self.text[self.at : self.at + 1]:
            case "[":
                self._items(place, "]")
            case "{":
                self._items(place, "}")
            case '"' | "'":
                self._string()
            case _:
                self._skip(SCALAR)

    def _items(self, place: Place, end: str) -> None:
        """The items of a list, or the pairs of a table that is written on one line."""
        self.at += 1
        count = 0
        while self._skip_blank() and not self.text.startswith(end, self.at):
            if self.text.startswith(",", self.at):
                self.at += 1
            elif end == "}":
                self._pair(place)
            else:
                self._note((*place, count))
                self._value((*place, count))
                count += 1
        self.at += 1

    def _string(self) -> None:
        opening = self.text[self.at : self.at + 3]
        if opening in TRIPLE:
            self.at += 3
            self._skip(TRIPLE[opening])
        else:
            self.at += 1
            self._skip(SINGLE[opening[:1]])

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        # A document that tomllib has not taken must not keep us here.
        self.at = max(match.end(), self.at) if match else len(self.text)

    def _skip_blank(self) -> bool:
        """Go on to what says something; False at the end."""
        self._skip(BLANK)
        return self.at < len(self.text)

    def _note(self, place: Place) -> None:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        self.lines.setdefault(place, self.line)


def _unquoted(quoted: str) -> str:
    if quoted.startswith("'"):
        return quoted[1:-1]
    try:
        return str(json.loads(quoted))
    except ValueError:
        # TOML has escapes that JSON lacks.
        return quoted[1:-1]
