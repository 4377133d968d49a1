"""This module reads a jar as ART does: is its dex file whole, can this Android read it, which classes are in it?

https://source.android.com/docs/core/runtime/dex-format
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from pathlib import Path

# The API level that first takes each version of the format: d8 writes the newest that the build's --min-api allows.
FIRST_SDK = {b"035": 1, b"037": 24, b"038": 26, b"039": 28, b"040": 30}


class DexError(Exception):
    """ART would refuse the program; the message is in ART's words where it has some."""


def read_dex(jar: Path, sdk: int) -> bytes:
    """Return the dex file in a jar. Raises DexError where Android would not load it."""
    try:
        with zipfile.ZipFile(jar) as archive:
            data = archive.read("classes.dex")
    except OSError as error:
        raise DexError(f"Failed to open '{jar}': {os.strerror(error.errno or 0)}") from None
    except KeyError:
        raise DexError(f"Entry not found: no classes.dex in {jar}") from None
    if problem := problem_of(data, sdk):
        raise DexError(f"Failure to verify dex file '{jar}!classes.dex': {problem}")
    return data


def problem_of(data: bytes, sdk: int) -> str | None:
    version = data[4:7]
    if FIRST_SDK.get(version, sdk + 1) > sdk:
        return f"Unrecognized version number {version.decode(errors='replace')} on API level {sdk}"
    (checksum,) = struct.unpack_from("<I", data, 8)
    if (found := zlib.adler32(data[12:])) != checksum:
        return f"Bad checksum ({found:08x}, expected {checksum:08x})"
    return None


def classes(data: bytes) -> set[str]:
    """Return the names of the classes that a checked dex file defines, as Java writes them."""
    strings_at, types_at = (struct.unpack_from("<I", data, offset)[0] for offset in (0x3C, 0x44))
    count, classes_at = struct.unpack_from("<II", data, 0x60)
    names = set()
    for index in range(count):
        (type_index,) = struct.unpack_from("<I", data, classes_at + index * 32)
        (string_index,) = struct.unpack_from("<I", data, types_at + type_index * 4)
        (start,) = struct.unpack_from("<I", data, strings_at + string_index * 4)
        # Before the text stands its length, of as many bytes as have their highest bit set, and one more.
        while data[start] & 0x80:
            start += 1
        text = data[start + 1 : data.index(0, start + 1)].decode(errors="replace")
        names.add(text.removeprefix("L").removesuffix(";").replace("/", "."))
    return names
