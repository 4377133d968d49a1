"""Keeps the beginning and the end of what a program prints, however much that is."""

from __future__ import annotations


class Capture:
    """The first and the last `kept_bytes` of a stream, with a line between that counts what was left out."""

    def __init__(self, kept_bytes: int) -> None:
        self._kept = kept_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    def add(self, chunk: bytes) -> None:
        self._total += len(chunk)
        room = self._kept - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        # Cut seldom, since each cut moves all that is kept.
        if len(self._tail) > 2 * self._kept:
            del self._tail[: -self._kept]

    def kept(self) -> bytes:
        del self._tail[: max(0, len(self._tail) - self._kept)]
        dropped = self._total - len(self._head) - len(self._tail)
        between = f"\n[{dropped} bytes of output left out here]\n".encode() if dropped else b""
        return bytes(self._head) + between + bytes(self._tail)
