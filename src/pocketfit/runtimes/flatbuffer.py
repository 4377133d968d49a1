"""Reads a flatbuffer that a stranger may have written, straight from its file: every place in it is checked first.

The layout is https://flatbuffers.dev/internals: all numbers little-endian, each offset relative to where it stands.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

# Of a list in a program: a large one has some thousands of values, and names are short.
MOST_ITEMS = 100_000
LONGEST_TEXT_BYTES = 10_000


class Broken(ValueError):
    """The bytes can't be a flatbuffer of this kind: why, in words that go on after a file's name and a colon."""


class Flatbuffer:
    """The bytes of an open file, or `size_bytes` of them from `start` on; few are ever read.

    Raises Broken where the file ends before.
    """

    def __init__(self, file: BinaryIO, start: int = 0, size_bytes: int | None = None) -> None:
        self.file, self.start = file, start
        whole_bytes = file.seek(0, os.SEEK_END)
        self.size_bytes = whole_bytes - start if size_bytes is None else size_bytes
        if not 0 <= start <= start + self.size_bytes <= whole_bytes:
            raise Broken(f"a part of it would end at byte {start + self.size_bytes:,}, and it has {whole_bytes:,}")

    def read(self, at: int, size_bytes: int) -> bytes:
        """Raises Broken where the file ends before."""
        if not 0 <= at <= self.size_bytes - size_bytes:
            raise Broken(f"it points to byte {at:,}, and has {self.size_bytes:,}")
        self.file.seek(self.start + at)
        return self.file.read(size_bytes)

    def number(self, at: int, kind: str) -> int:
        """One number, of a kind as struct names it."""
        (value,) = struct.unpack(f"<{kind}", self.read(at, struct.calcsize(f"<{kind}")))
        return int(value)

    def follow(self, at: int) -> int:
        """The place that the offset at `at` leads to."""
        return at + self.number(at, "I")

    def root(self) -> Table:
        return Table(self, self.follow(0))

    @property
    def identifier(self) -> bytes:
        """The four letters that name the schema; b"" where the file is shorter."""
        return self.read(4, 4) if self.size_bytes >= 8 else b""


@dataclass(frozen=True)
class Table:
    """A table at a place of the file. Fields are counted from 0 in the order of the schema; None where one is unset."""

    buffer: Flatbuffer
    at: int

    def tables(self, field: int) -> tuple[Table, ...]:
        """A list of tables; an unset one has none."""
        return tuple(Table(self.buffer, self.buffer.follow(place)) for place in self._items(field, 4))

    def numbers(self, field: int, kind: str) -> tuple[int, ...]:
        """A list of numbers, of a kind as struct names it; an unset one has none."""
        return tuple(self.buffer.number(place, kind) for place in self._items(field, struct.calcsize(f"<{kind}")))

    def table(self, field: int) -> Table | None:
        place = self._place(field)
        return None if place is None else Table(self.buffer, self.buffer.follow(place))

    def place(self, field: int) -> tuple[int, int]:
        """Where the items of a list of bytes stand in the buffer, and how many there are; (0, 0) for an unset one."""
        place = self._place(field)
        if place is None:
            return 0, 0
        start = self.buffer.follow(place)
        return start + 4, self.buffer.number(start, "I")

    def number(self, field: int, kind: str) -> int:
        """A number, of a kind as struct names it; an unset one is 0."""
        place = self._place(field)
        return 0 if place is None else self.buffer.number(place, kind)

    def text(self, field: int) -> str | None:
        place = self._place(field)
        if place is None:
            return None
        start = self.buffer.follow(place)
        length = self.buffer.number(start, "I")
        if length > LONGEST_TEXT_BYTES:
            raise Broken(f"it has a text of {length:,} bytes")
        return self.buffer.read(start + 4, length).decode(errors="replace")

    def _items(self, field: int, item_bytes: int) -> range:
        """The places of a list's items."""
        place = self._place(field)
        if place is None:
            return range(0)
        start = self.buffer.follow(place)
        count = self.buffer.number(start, "I")
        if count > MOST_ITEMS:
            raise Broken(f"it has a list of {count:,} items")
        return range(start + 4, start + 4 + count * item_bytes, item_bytes)

    def _place(self, field: int) -> int | None:
        layout = self.at - self.buffer.number(self.at, "i")
        entry = 4 + 2 * field
        # A file of an older schema has a shorter layout.
        if entry + 2 > self.buffer.number(layout, "H"):
            return None
        offset = self.buffer.number(layout + entry, "H")
        return self.at + offset if offset else None
