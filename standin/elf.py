"""What Android's linker looks at before it maps a library: whom it is for, and how its segments are aligned."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

# By e_machine: the linker's name for it.
MACHINES = {3: "EM_386", 40: "EM_ARM", 62: "EM_X86_64", 183: "EM_AARCH64"}
X86_64 = 62
LOAD = 1


@dataclass(frozen=True)
class Elf:
    machine: int
    load_alignment: int


def read_elf(path: Path) -> Elf | None:
    """None where it is no ELF file."""
    data = path.read_bytes()
    if data[:4] != b"\x7fELF":
        return None
    (machine,) = struct.unpack_from("<H", data, 18)
    wide = data[4] == 2
    (table,) = struct.unpack_from("<Q" if wide else "<I", data, 32 if wide else 28)
    size, count = struct.unpack_from("<HH", data, 54 if wide else 42)
    alignments = []
    for place in range(table, table + size * count, size):
        if struct.unpack_from("<I", data, place)[0] == LOAD:
            alignments.append(
                struct.unpack_from("<Q", data, place + 48)[0] if wide else struct.unpack_from("<I", data, place + 28)[0]
            )
    return Elf(machine, min(alignments, default=0))


def refusal(path: Path, page_size: int) -> str | None:
    """Why dlopen would refuse the library on this x86_64 device, in the linker's words."""
    elf = read_elf(path)
    if elf is None:
        return f'dlopen failed: "{path}" has bad ELF magic: {path.read_bytes()[:4].hex()}'
    if elf.machine != X86_64:
        name = MACHINES.get(elf.machine, "unknown machine")
        return f'dlopen failed: "{path}" is for {name} ({elf.machine}) instead of EM_X86_64 (62)'
    if elf.load_alignment < page_size:
        return (
            f'dlopen failed: "{path}" program alignment ({elf.load_alignment}) '
            f"cannot be smaller than system page size ({page_size})"
        )
    return None
