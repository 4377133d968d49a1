"""Is this what Android would run? The checks of a dex file that ART makes, and which classes are in it.

https://source.android.com/docs/core/runtime/dex-format
"""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from pathlib import Path

HEADER_BYTES = 0x70
LITTLE_ENDIAN = 0x12345678
# The API level that first takes each version of the format.
FIRST_SDK = {b"035": 1, b"037": 24, b"038": 26, b"039": 28, b"040": 30}


class DexError(Exception):
    """ART would refuse it; the message is in ART's words where it has some."""


def read_dex(jar: Path, sdk: int) -> bytes:
    """The dex file in a jar, checked. Raises DexError."""
    try:
        with zipfile.ZipFile(jar) as archive:
            data = archive.read("classes.dex")
    except OSError as error:
        raise DexError(f"Failed to open '{jar}': {os.strerror(error.errno or 0)}") from None
    except KeyError:
        raise DexError(f"Entry not found: no classes.dex in {jar}") from None
    except zipfile.BadZipFile:
        raise DexError(f"Failed to open zip archive '{jar}': Invalid file") from None
    if problem := problem_of(data, sdk):
        raise DexError(f"Failure to verify dex file '{jar}!classes.dex': {problem}")
    return data


def problem_of(data: bytes, sdk: int) -> str | None:
    if len(data) < HEADER_BYTES:
        return "Empty or truncated file."
    if data[:4] != b"dex\n" or data[7:8] != b"\0":
        return f"Unrecognized magic number: {data[:8].hex(' ')}"
    version = data[4:7]
    if FIRST_SDK.get(version, sdk + 1) > sdk:
        return f"Unrecognized version number {version.decode(errors='replace')} on API level {sdk}"
    checksum, signature, size, header, endian = struct.unpack_from("<I20sIII", data, 8)
    if size != len(data):
        return f"Bad file size ({len(data):x}, expected {size:x})"
    if header != HEADER_BYTES:
        return f"Bad header size: {header:x}"
    if endian != LITTLE_ENDIAN:
        return f"Unexpected endian_tag: {endian:x}"
    if (found := zlib.adler32(data[12:])) != checksum:
        return f"Bad checksum ({found:08x}, expected {checksum:08x})"
    if hashlib.sha1(data[32:]).digest() != signature:
        return "Bad SHA-1 signature"
    return None


def classes(data: bytes) -> set[str]:
    """The names of the classes that a checked dex file defines, as Java writes them."""
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
