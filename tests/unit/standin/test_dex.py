from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from standin.dex import DexError, classes, problem_of, read_dex

HEADER = 0x70


def make_dex(version: bytes = b"037", name: bytes = b"Ldev/pocketfit/Main;") -> bytes:
    """One class: its string, its type and itself in tables behind the header, then the string's text."""
    strings_at, types_at, classes_at, text_at = HEADER, HEADER + 4, HEADER + 8, HEADER + 40
    header = bytearray(HEADER)
    for place, number in ((0x3C, strings_at), (0x44, types_at), (0x60, 1), (0x64, classes_at)):
        struct.pack_into("<I", header, place, number)
    tables = struct.pack("<II", text_at, 0) + bytes(32) + bytes([len(name)]) + name + b"\0"
    data = bytes(header[12:]) + tables
    return b"dex\n" + version + b"\0" + struct.pack("<I", zlib.adler32(data)) + data


def test_a_good_one() -> None:
    assert problem_of(make_dex(), sdk=24) is None
    assert classes(make_dex()) == {"dev.pocketfit.Main"}


def test_one_that_is_damaged() -> None:
    damaged = bytearray(make_dex())
    damaged[-2] ^= 1
    problem = problem_of(bytes(damaged), sdk=33)
    assert problem
    assert problem.startswith("Bad checksum (")


def test_a_version_that_the_android_does_not_know() -> None:
    assert problem_of(make_dex(b"038"), sdk=26) is None
    assert problem_of(make_dex(b"038"), sdk=24) == "Unrecognized version number 038 on API level 24"


def test_jars(tmp_path: Path) -> None:
    jar = tmp_path / "runner.jar"
    with pytest.raises(DexError, match="No such file"):
        read_dex(jar, 33)
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("other", b"")
    with pytest.raises(DexError, match=r"no classes\.dex in"):
        read_dex(jar, 33)
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("classes.dex", make_dex())
    assert read_dex(jar, 33) == make_dex()
