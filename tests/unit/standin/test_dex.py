from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from standin.dex import DexError, classes, problem_of, read_dex

HEADER = 0x70


def make_dex(version: bytes = b"037", name: bytes = b"Ldev/pocketfit/Main;") -> bytes:
    """The smallest file with one class: header, one string, one type, one class, the string's text."""
    strings_at = HEADER
    types_at = strings_at + 4
    classes_at = types_at + 4
    text_at = classes_at + 32
    tables = struct.pack("<II", text_at, 0) + struct.pack("<8I", *[0] * 8) + bytes([len(name)]) + name + b"\0"
    pairs = [(0, 0), (0, 0), (1, strings_at), (1, types_at), (0, 0), (0, 0), (0, 0), (1, classes_at), (0, 0)]
    # Link, map, strings, types, protos, fields, methods, classes, data; the map is an offset alone.
    numbers = [number for index, pair in enumerate(pairs) for number in (pair[1:] if index == 1 else pair)]
    size = HEADER + len(tables)
    body = struct.pack("<III", size, HEADER, 0x12345678) + struct.pack("<17I", *numbers) + tables
    return sealed(b"dex\n" + version + b"\0" + bytes(24) + body)


def sealed(data: bytes) -> bytes:
    """With the signature and the checksum that belong to it."""
    data = data[:12] + hashlib.sha1(data[32:]).digest() + data[32:]
    return data[:8] + struct.pack("<I", zlib.adler32(data[12:])) + data[12:]


def test_a_good_one() -> None:
    assert problem_of(make_dex(), sdk=24) is None
    assert classes(make_dex()) == {"dev.pocketfit.Main"}


def unsigned(data: bytes) -> bytes:
    data = data[:12] + bytes(20) + data[32:]
    return data[:8] + struct.pack("<I", zlib.adler32(data[12:])) + data[12:]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda dex: dex[:50], "Empty or truncated file."),
        (lambda dex: b"PK\x03\x04" + dex[4:], "Unrecognized magic number: 50 4b 03 04"),
        (lambda dex: dex + b"\0", "Bad file size (af, expected ae)"),
        (lambda dex: dex[:-2] + b"x" + dex[-1:], "Bad checksum"),
        (unsigned, "Bad SHA-1 signature"),
        (lambda dex: sealed(dex[:36] + b"\x71\0\0\0" + dex[40:]), "Bad header size: 71"),
        (lambda dex: sealed(dex[:40] + b"\x12\x34\x56\x78" + dex[44:]), "Unexpected endian_tag: 78563412"),
    ],
)
def test_damage(damage: Callable[[bytes], bytes], problem: str) -> None:
    found = problem_of(damage(make_dex()), sdk=33)
    assert found
    assert found.startswith(problem)


def test_a_version_that_the_android_does_not_know() -> None:
    assert problem_of(make_dex(b"038"), sdk=26) is None
    assert problem_of(make_dex(b"038"), sdk=24) == "Unrecognized version number 038 on API level 24"


def test_jars(tmp_path: Path) -> None:
    jar = tmp_path / "runner.jar"
    with pytest.raises(DexError, match="No such file"):
        read_dex(jar, 33)
    jar.write_bytes(b"no archive")
    with pytest.raises(DexError, match="Failed to open zip archive"):
        read_dex(jar, 33)
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("other", b"")
    with pytest.raises(DexError, match=r"no classes\.dex in"):
        read_dex(jar, 33)
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("classes.dex", make_dex())
    assert read_dex(jar, 33) == make_dex()
