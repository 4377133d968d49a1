from __future__ import annotations

from pocketfit.sandbox.capture import Capture


def captured(*chunks: bytes, kept_bytes: int = 4) -> bytes:
    capture = Capture(kept_bytes)
    for chunk in chunks:
        capture.add(chunk)
    return capture.kept()


def test_what_is_short_is_kept_whole() -> None:
    assert captured(b"ab", b"cd", b"efgh") == b"abcdefgh"
    assert captured() == b""


def test_what_is_long_keeps_its_ends_and_says_how_much_is_missing() -> None:
    said = b"abcd\n[3 bytes of output left out here]\nhijk"
    assert captured(b"abcdefghijk") == said
    assert captured(*(bytes([byte]) for byte in b"abcdefghijk")) == said


def test_a_stream_without_end_takes_no_more_memory() -> None:
    capture = Capture(4)
    for _ in range(1000):
        capture.add(b"x" * 100)
    assert len(capture._tail) <= 8
    assert capture.kept() == b"xxxx\n[99992 bytes of output left out here]\nxxxx"
