from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pocketfit.records import Library, RuntimeName
from pocketfit.runtimes.elf import load_alignment_bytes, shipping_note, smallest_alignment_bytes
from pocketfit.runtimes.library import AndroidSide


def elf(path: Path, *segments: tuple[int, int], wide: bool = True) -> Path:
    """A library of nothing but headers; a segment is its type and its alignment."""
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    if wide:
        header = struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
        table = b"".join(struct.pack("<IIQQQQQQ", kind, 4, 0, 0, 0, 0, 0, align) for kind, align in segments)
    else:
        header = struct.pack("<HHIIIIIHHHHHH", 3, 40, 1, 0, 52, 0, 0, 52, 32, len(segments), 0, 0, 0)
        table = b"".join(struct.pack("<IIIIIIII", kind, 0, 0, 0, 0, 0, 4, align) for kind, align in segments)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ident + header + table)
    return path


@pytest.mark.parametrize("wide", [True, False])
def test_the_smallest_load_segment_counts(tmp_path: Path, wide: bool) -> None:
    # 2 is PT_DYNAMIC, whose alignment says nothing about pages.
    library = elf(tmp_path / "lib.so", (1, 16384), (2, 8), (1, 4096), wide=wide)
    assert load_alignment_bytes(library) == 4096


def test_what_is_no_library(tmp_path: Path) -> None:
    (tmp_path / "lib.so").write_text("hello")
    with pytest.raises(ValueError, match=r"lib\.so is not a little-endian ELF library"):
        load_alignment_bytes(tmp_path / "lib.so")
    with pytest.raises(ValueError, match=r"lib\.so has no segment to load"):
        load_alignment_bytes(elf(tmp_path / "lib.so", (2, 8)))


def test_over_folders(tmp_path: Path) -> None:
    elf(tmp_path / "a" / "one.so", (1, 16384))
    elf(tmp_path / "b" / "two.so", (1, 4096))
    assert smallest_alignment_bytes([tmp_path / "a", tmp_path / "b"]) == 4096
    assert smallest_alignment_bytes([tmp_path / "none"]) is None


@pytest.mark.parametrize(
    ("align", "note"),
    [
        (16384, ""),
        (
            4096,
            "lib 1.0 can't ship to devices with 16 kB pages (Android 15 and later): their arm64-v8a libraries are "
            "aligned to 4 kB, and Google Play refuses them for apps that target Android 15 (pytorch#154449)",
        ),
    ],
)
def test_shipping_note(tmp_path: Path, align: int, note: str) -> None:
    elf(tmp_path / "lite" / "jni" / "arm64-v8a" / "lib.so", (1, align))
    elf(tmp_path / "lite" / "jni" / "x86_64" / "lib.so", (1, 4096))
    assert shipping_note(AndroidSide(tmp_path, "x86_64", {"lite": Library("lib", "1.0")})) == note


def test_shipping_note_of_a_phones_libraries_that_are_not_here(tmp_path: Path) -> None:
    elf(tmp_path / "lite" / "jni" / "x86_64" / "lib.so", (1, 16384))
    runtimes: dict[RuntimeName, Library] = {
        "lite": Library("pytorch_android_lite", "1.12.2"),
        "executorch": Library("react-native-executorch", "0.9.3", "ExecuTorch 1.3"),
    }
    note = shipping_note(AndroidSide(tmp_path, "x86_64", runtimes))
    assert note.startswith("pytorch_android_lite 1.12.2 can't ship to devices with 16 kB pages")
    assert shipping_note(AndroidSide(tmp_path, "x86_64", {"lite": Library("pytorch_android_lite", "0.1")})) == ""
