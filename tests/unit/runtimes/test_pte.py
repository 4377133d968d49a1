"""What a .pte says of itself, read from a real one, from files made here byte by byte, and from damaged ones."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from pocketfit.runtimes.pte import Program, planned_bytes, read_program, varying_inputs

EXPORTED = Path(__file__).parents[2] / "data" / "executorch-1.3.1"
REAL = Path(__file__).parents[2] / "data" / "varying.pte"
Method = tuple[str, tuple[int, ...]]


def program(*methods: Method, identifier: bytes = b"ET12") -> bytes:
    """A flatbuffer with no more than what is read: Program { execution_plan: [{ name, non_const_buffer_sizes }] }."""
    data = bytearray(b"\0\0\0\0" + identifier)
    vtable = len(data)
    data += struct.pack("<HHHH", 8, 8, 0, 4)
    struct.pack_into("<I", data, 0, len(data))
    data += struct.pack("<iI", len(data) - vtable, 4)
    data += struct.pack("<I", len(methods))
    entries = len(data)
    data += bytes(4 * len(methods))
    for index, (name, sizes) in enumerate(methods):
        layout = len(data)
        data += struct.pack("<HH9H", 22, 12, 4, 0, 0, 0, 0, 0, 0, 0, 8)
        table = len(data)
        struct.pack_into("<I", data, entries + 4 * index, table - (entries + 4 * index))
        data += struct.pack("<iII", table - layout, 0, 0)
        struct.pack_into("<I", data, table + 4, len(data) - (table + 4))
        data += struct.pack("<I", len(name)) + name.encode() + b"\0"
        struct.pack_into("<I", data, table + 8, len(data) - (table + 8))
        data += struct.pack(f"<I{len(sizes)}q", len(sizes), *sizes)
    return bytes(data)


def read(tmp_path: Path, data: bytes) -> int:
    path = tmp_path / "net.pte"
    path.write_bytes(data)
    return planned_bytes(path)


@pytest.mark.parametrize(("sizes", "planned"), [((0, 640), 640), ((0, 640, 64, 8), 712), ((99,), 0), ((), 0)])
def test_all_but_the_first_buffer_is_allocated(tmp_path: Path, sizes: tuple[int, ...], planned: int) -> None:
    assert read(tmp_path, program(("forward", sizes))) == planned


def test_the_method_that_is_called_counts(tmp_path: Path) -> None:
    assert read(tmp_path, program(("encode", (0, 5)), ("forward", (0, 7)))) == 7


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is no ExecuTorch program, which has ET and two digits at byte 4"),
        (b"PK\3\4" * 8, "it is no ExecuTorch program, which has ET and two digits at byte 4"),
        (program(("encode", (0, 5))), "it has no method forward, but encode"),
        (program(), "it has no method forward"),
        (b"\xff\xff\xff\x7fET12", "it points to byte 2,147,483,647, and has 8"),
        (program(("forward", (0, 640)))[:60], "it points to byte 58, and has 60"),
        (program(("forward", (0, -1))), "its planned memory of -1 bytes makes no sense"),
        (program(("forward", (0, 1 << 62, 1 << 62))), "its planned memory of 4,611,686,018,427,387,904, 4,611,686,018,427,387,904 bytes makes no sense"),
    ],
)  # fmt: skip
def test_what_is_no_program_is_one_sentence(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        read(tmp_path, data)


def test_lists_and_texts_of_any_length_are_refused(tmp_path: Path) -> None:
    whole = program(("forward", (0, 640)))
    many = whole.replace(struct.pack("<I", 2) + struct.pack("<q", 0), struct.pack("<I", 1 << 30) + struct.pack("<q", 0))
    with pytest.raises(ValueError, match=r"^it has a list of 1,073,741,824 items$"):
        read(tmp_path, many)
    long = whole.replace(struct.pack("<I", 7) + b"forward", struct.pack("<I", 1 << 30) + b"forward")
    with pytest.raises(ValueError, match=r"^it has a text of 1,073,741,824 bytes$"):
        read(tmp_path, long)


def test_a_real_program() -> None:
    # Of 64 B and 32 B, in and out, of which ExecuTorch gives one output the place of an input that is used up.
    assert planned_bytes(REAL) == 160
    assert varying_inputs(REAL) == (True, False)


def test_what_a_program_needs_is_read_from_its_file() -> None:
    assert read_program(EXPORTED / "mlp.pte") == Program("ET12", 1, (), ("XnnpackBackend",), (2,))
    assert read_program(EXPORTED / "words.pte") == Program(
        "ET12", 1, ("aten::embedding.out", "aten::mean.out"), ("XnnpackBackend",), (2,)
    )


def test_a_method_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ValueError, match="it has no method encode, but forward"):
        read_program(EXPORTED / "mlp.pte", "encode")


@pytest.mark.parametrize("data", [b"", b"PK\3\4 and no more", b"\x08\0\0\0ET12"])
def test_what_is_no_program_needs_nothing_of_a_runtime(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "net.pte"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"^it (is no ExecuTorch program|points to byte 8, and has 8)"):
        read_program(path)


def test_inputs_that_are_no_values(tmp_path: Path) -> None:
    path = tmp_path / "net.pte"
    # The list of inputs: 0 and 1.
    path.write_bytes(REAL.read_bytes().replace(struct.pack("<III", 2, 0, 1), struct.pack("<III", 2, 0, 99)))
    with pytest.raises(ValueError, match=r"^it has inputs that are none of its values$"):
        varying_inputs(path)


def test_every_cut_and_every_flipped_byte_ends_in_an_answer_or_a_sentence(tmp_path: Path) -> None:
    whole = REAL.read_bytes()
    damaged = [whole[:end] for end in range(0, len(whole), 7)]
    damaged += [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in range(0, len(whole), 3)]
    refused = [data for data in damaged if is_refused(tmp_path, data)]
    assert len(refused) > 50


def is_refused(tmp_path: Path, data: bytes) -> bool:
    """Whether it ends in a ValueError; any other exception is a bug."""
    path = tmp_path / "net.pte"
    path.write_bytes(data)
    try:
        read_program(path)
        planned_bytes(path)
        varying_inputs(path)
    except ValueError:
        return True
    return False
