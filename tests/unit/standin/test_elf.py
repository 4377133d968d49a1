from __future__ import annotations

import struct
from pathlib import Path

import pytest

from standin.elf import Elf, read_elf, refusal


def make_elf(machine: int, alignment: int, *, wide: bool = True) -> bytes:
    """A header and one LOAD segment."""
    start = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9) + struct.pack("<HHI", 3, machine, 1)
    if wide:
        header = start + struct.pack("<QQQIHHHHHH", 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
        return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 0, 0, alignment)
    header = start + struct.pack("<IIIIHHHHHH", 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    return header + struct.pack("<8I", 1, 0, 0, 0, 0, 0, 5, alignment)


@pytest.mark.parametrize(("machine", "wide"), [(62, True), (183, True), (40, False), (3, False)])
def test_reads_both_classes(tmp_path: Path, machine: int, wide: bool) -> None:
    path = tmp_path / "lib.so"
    path.write_bytes(make_elf(machine, 16384, wide=wide))
    assert read_elf(path) == Elf(machine, 16384)


@pytest.mark.parametrize(
    ("content", "page_size", "words"),
    [
        (make_elf(62, 4096), 4096, None),
        (make_elf(62, 16384), 16384, None),
        (make_elf(62, 4096), 16384, "program alignment (4096) cannot be smaller than system page size (16384)"),
        (make_elf(40, 4096, wide=False), 4096, "is for EM_ARM (40) instead of EM_X86_64 (62)"),
        (b"text", 4096, "has bad ELF magic: 74657874"),
    ],
)
def test_what_the_linker_says(tmp_path: Path, content: bytes, page_size: int, words: str | None) -> None:
    path = tmp_path / "lib.so"
    path.write_bytes(content)
    expected = words and f'dlopen failed: "{path}" {words}'
    assert refusal(path, page_size) == expected
