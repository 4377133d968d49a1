"""This module refuses a library where Android's linker does: for its machine, or for its segments' alignment."""

from __future__ import annotations

import struct
from pathlib import Path

# By e_machine: the linker's name for each ABI that Pocketfit has libraries of.
MACHINES = {3: "EM_386", 40: "EM_ARM", 62: "EM_X86_64", 183: "EM_AARCH64"}
X86_64 = 62
LOAD = 1


def refusal(path: Path, page_size: int) -> str | None:
    """Return why dlopen would refuse the library on this x86_64 device, in the linker's words."""
    data = path.read_bytes()
    (machine,) = struct.unpack_from("<H", data, 18)
    if machine != X86_64:
        return f'dlopen failed: "{path}" is for {MACHINES[machine]} ({machine}) instead of EM_X86_64 (62)'
    alignment = _load_alignment(data)
    if alignment < page_size:
        return (
            f'dlopen failed: "{path}" program alignment ({alignment}) '
            f"cannot be smaller than system page size ({page_size})"
        )
    return None


def _load_alignment(data: bytes) -> int:
    """Return the smallest alignment of a 64-bit library's LOAD segments."""
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    alignments: list[int] = []
    for place in range(table, table + size * count, size):
        kind, alignment = struct.unpack_from("<I44xQ", data, place)
        if kind == LOAD:
            alignments.append(alignment)
    return min(alignments)
