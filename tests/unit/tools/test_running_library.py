"""What counts as an operator's name in another library's memory."""

from __future__ import annotations

import ctypes

import pytest

from tools.running_library import STRING, Memory


def _short_string(text: bytes) -> bytes:
    """A std::string of libc++ that holds up to 22 bytes inline."""
    return (bytes([len(text) << 1]) + text).ljust(STRING, b"\0")


@pytest.mark.parametrize(
    ("name", "overload", "expected"),
    [
        (b"aten::log1p", b"Scalar", ("aten::log1p", "Scalar")),
        (b"prim::TupleIndex", b"", ("prim::TupleIndex", "")),
        # The bytes of addresses, as seen once in some hundred runs.
        (b"::\x15\xb0U\0\0\x10", b"", None),
        (b"\xa0::\xedU\0\0\0", b"", None),
        (b"aten::log1p", b"\xa0::\xedU", None),
        (b"aten", b"", None),
    ],
)
def test_a_name_is_a_whole_name(name: bytes, overload: bytes, expected: tuple[str, str] | None) -> None:
    buffer = ctypes.create_string_buffer(_short_string(name) + _short_string(overload))

    assert Memory().name(ctypes.addressof(buffer)) == expected
