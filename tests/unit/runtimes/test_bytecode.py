"""Files that somebody else made: what they call is read, and a hostile one costs a sentence."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pocketfit.runtimes import bytecode
from pocketfit.runtimes.bytecode import TableEntry, UnreadableFile, read_bytecode
from pocketfit.runtimes.schema import Argument


def archive(path: Path, content: bytes | None) -> Path:
    with zipfile.ZipFile(path, "w") as writer:
        writer.writestr("model/version", "3\n")
        if content is not None:
            writer.writestr("model/bytecode.pkl", content)
    return path


def method(instructions: Any, operators: Any, constants: Any = ()) -> bytes:
    tables = (("instructions", instructions), ("operators", operators), ("constants", constants))
    return pickle.dumps((8, ("__torch__.Net.forward", tables)), 2)


def test_a_file_of_torch_1_13() -> None:
    found = read_bytecode(Path("tests/data/torch-1.13.ptl"))
    assert found
    assert found.version == 8
    assert [(one.full_name, one.given) for one in found.operators] == [
        ("prepacked::conv2d_clamp_run", 2),
        ("aten::adaptive_avg_pool2d", 2),
        ("aten::flatten.using_ints", 2),
        ("prepacked::linear_clamp_run", 2),
    ]
    assert found.methods == ("forward",)
    assert found.forward == (Argument("Tensor", "input"),)


def test_what_forward_takes(tmp_path: Path) -> None:
    """A default that is None is written like none at all."""
    names = [("self", "__torch__.Net", None), ("x", "Tensor", None), ("n", "int", 3), ("m", "Optional[Tensor]", None)]
    taken = tuple((("name", name), ("type", kind), ("default_value", value)) for name, kind, value in names)
    tables = (("instructions", ()), ("operators", ()), ("constants", ()))
    schema = (("arguments", taken), ("returns", ()))
    methods = [("__torch__.Net.forward", tables, schema), ("__torch__.Net.embed", tables)]

    found = read_bytecode(archive(tmp_path / "m.ptl", pickle.dumps((8, *methods), 2)))

    assert found
    assert found.methods == ("forward", "embed")
    assert found.forward == (
        Argument("Tensor", "x"),
        Argument("int", "n", has_default=True),
        Argument("Optional[Tensor]", "m", has_default=True),
    )


def test_an_old_file_does_not_say_what_forward_takes(tmp_path: Path) -> None:
    found = read_bytecode(archive(tmp_path / "m.ptl", method([], [])))
    assert found
    assert found.methods == ("forward",)
    assert found.forward is None


def test_none_and_true_are_followed_through_a_register(tmp_path: Path) -> None:
    code = method(
        [
            ("LOADC", 0, 0),
            ("STORE", 2, 0),
            ("MOVE", 1, 0),
            ("LOAD", 2, 0),
            ("LOADC", 1, 0),
            ("OP", 0, 0),
            ("RET", 0, 0),
        ],
        [("aten::sum", "dim_IntList", 3)],
        (None, True),
    )
    found = read_bytecode(archive(tmp_path / "m.ptl", code))
    assert found
    assert found.operators == (TableEntry("aten::sum", "dim_IntList", 3, frozenset({1}), frozenset({2})),)


def test_what_comes_over_a_jump_is_not_guessed(tmp_path: Path) -> None:
    code = method([("LOADC", 0, 0), ("JMP", 1, 0), ("LOADC", 1, 0), ("OP", 0, 0)], [("aten::sum", "", 2)], (None, 1))
    found = read_bytecode(archive(tmp_path / "m.ptl", code))
    assert found
    assert found.operators[0].nones == frozenset()


def test_an_archive_for_the_full_runtime(tmp_path: Path) -> None:
    assert read_bytecode(archive(tmp_path / "m.pt", None)) is None


class Runs:
    def __reduce__(self) -> Any:
        return os.mkdir, ("pwned",)


def test_nothing_in_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableFile):
        read_bytecode(archive(tmp_path / "m.ptl", pickle.dumps((8, Runs()), 2)))
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x02]",
        b"\x80\x02K\x08.",
        b"\x80\x02cos\nsystem\n(X\x02\x00\x00\x00lstR.",
        # A memo place that an unpickler would make room for: 16 GB.
        b"\x80\x02]r\xff\xff\xff\x7f.",
        b"\x80\x02" + b"(" * 1000 + b".",
        b"\x80\x02K\x08(((((tttt\x86.",
        b"\x80\x05\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
    ],
)
def test_hostile_and_damaged_pickles(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"^its bytecode.pkl is not what torch writes: export it again$"):
        read_bytecode(archive(tmp_path / "m.ptl", content))


def test_a_truncated_archive(tmp_path: Path) -> None:
    path = tmp_path / "m.ptl"
    path.write_bytes(Path("tests/data/torch-1.13.ptl").read_bytes()[:3000])
    with pytest.raises(UnreadableFile, match=r"^it is no zip archive, or a truncated one: copy or export it again$"):
        read_bytecode(path)


def test_a_damaged_record(tmp_path: Path) -> None:
    path = tmp_path / "m.ptl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("model/bytecode.pkl", bytes(range(256)) * 20)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"^its bytecode.pkl is damaged: copy or export it again$"):
        read_bytecode(path)


def test_a_giant_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode, "LARGEST_BYTES", 1_000_000)
    path = tmp_path / "m.ptl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("model/bytecode.pkl", bytes(2_000_000))
    with pytest.raises(UnreadableFile, match=r"^its bytecode.pkl is larger than 1 MB: no exporter writes that$"):
        read_bytecode(path)


def test_a_local_header_that_says_another_name_in_broken_utf_8(tmp_path: Path) -> None:
    """zipfile decodes it when the file is opened, not before; tests/fuzz/test_files.py found it (seed 1002188)."""
    path = archive(tmp_path / "m.ptl", b"x")
    data = bytearray(path.read_bytes())
    # The local header of bytecode.pkl: its flag for UTF-8, then a byte of its name.
    at = data.index(b"PK\x03\x04", 10)
    data[at + 7] |= 0x08
    data[at + 30] = 0xDE
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"^its bytecode.pkl is damaged: copy or export it again$"):
        read_bytecode(path)
