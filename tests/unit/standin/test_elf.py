from __future__ import annotations

import struct
from pathlib import Path

import pytest

from standin.elf import refusal


def make_elf(machine: int, *alignments: int) -> bytes:
    """A header, a segment that is not loaded, and one LOAD segment of each alignment."""
    start = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9) + struct.pack("<HHI", 3, machine, 1)
    header = start + struct.pack("<QQQIHHHHHH", 0, 64, 0, 0, 64, 56, 1 + len(alignments), 0, 0, 0)
    segments = [(6, 8), *((1, alignment) for alignment in alignments)]
    return header + b"".join(struct.pack("<II5QQ", kind, 5, 0, 0, 0, 0, 0, size) for kind, size in segments)


@pytest.mark.parametrize(
    ("content", "page_size", "words"),
    [
        (make_elf(62, 4096), 4096, None),
        (make_elf(62, 16384), 16384, None),
        (make_elf(62, 16384, 4096), 16384, "program alignment (4096) cannot be smaller than system page size (16384)"),
        (make_elf(40, 4096), 4096, "is for EM_ARM (40) instead of EM_X86_64 (62)"),
    ],
)
def test_what_the_linker_says(tmp_path: Path, content: bytes, page_size: int, words: str | None) -> None:
    path = tmp_path / "lib.so"
    path.write_bytes(content)
    expected = words and f'dlopen failed: "{path}" {words}'
    assert refusal(path, page_size) == expected
