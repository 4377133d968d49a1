"""Reads the ELF headers of native libraries, for the page sizes that they can be mapped with."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from pocketfit.records import PHONE_ABI, RuntimeName
from pocketfit.runtimes.library import AndroidSide
from pocketfit.runtimes.sizes import alignment_bytes

PT_LOAD = 1
# Android 15 devices may have such pages; Google Play asks for libraries that can be mapped there (pytorch#154449).
LARGE_PAGE_BYTES = 16384


def load_alignment_bytes(library: Path) -> int:
    """The smallest alignment of its LOAD segments: it can't be mapped where pages are larger.

    Raises ValueError for what is not an ELF file of little-endian 32 or 64 bit.
    """
    with library.open("rb") as file:
        ident = file.read(16)
        if ident[:4] != b"\x7fELF" or len(ident) < 16 or ident[4] not in (1, 2) or ident[5] != 1:
            raise ValueError(f"{library.name} is not a little-endian ELF library")
        try:
            alignments = list(_load_alignments(file, wide=ident[4] == 2))
        except struct.error as error:
            raise ValueError(f"{library.name} ends within its headers") from error
    if not alignments:
        raise ValueError(f"{library.name} has no segment to load")
    return min(alignments)


def _load_alignments(file: BinaryIO, *, wide: bool) -> Iterator[int]:
    header = struct.Struct("<HHIQQQIHHH" if wide else "<HHIIIIIHHH")
    entry = struct.Struct("<IIQQQQQQ" if wide else "<IIIIIIII")
    _, _, _, _, table, _, _, _, size, count = header.unpack(file.read(header.size))
    for index in range(count):
        file.seek(table + index * size)
        kind, *_, alignment = entry.unpack(file.read(entry.size))
        if kind == PT_LOAD:
            yield alignment


def smallest_alignment_bytes(folders: Iterable[Path]) -> int | None:
    """The smallest of all libraries in these folders; None where there are none."""
    return min((load_alignment_bytes(library) for folder in folders for library in folder.glob("*.so")), default=None)


def shipping_note(android: AndroidSide) -> str:
    """Say why the runtimes can't be shipped to every phone; empty where they can."""
    small = [
        str(library)
        for name, library in android.runtimes.items()
        if (_alignment_on_phones_bytes(android, name) or LARGE_PAGE_BYTES) < LARGE_PAGE_BYTES
    ]
    if not small:
        return ""
    return (
        f"{' and '.join(small)} can't ship to devices with 16 kB pages (Android 15 and later): their {PHONE_ABI} "
        "libraries are aligned to 4 kB, and Google Play refuses them for apps that target Android 15 (pytorch#154449)"
    )


def _alignment_on_phones_bytes(android: AndroidSide, name: RuntimeName) -> int | None:
    """As it was measured, also where a phone's libraries are not here; None for another version of which none are."""
    measured = alignment_bytes(str(android.runtimes[name]), PHONE_ABI)
    return measured or smallest_alignment_bytes([android.libraries(name, PHONE_ABI)])
