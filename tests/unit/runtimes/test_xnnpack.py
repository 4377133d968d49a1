"""Which kinds of nodes XNNPACK was given, by real programs and by damaged ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.runtimes.pte import read_program

DATA = Path("tests/data/executorch-1.3.1")
# Multiply and sine; constants, clamp and PReLU; a linear layer.
NODES = {"sin": (15, 45), "prelu": (5, 7, 31), "mlp": (2,), "words": (2,), "pool": ()}


@pytest.mark.parametrize("name", NODES)
def test_the_kinds_of_nodes_of_real_programs(name: str) -> None:
    assert read_program(DATA / f"{name}.pte").nodes == NODES[name]


def test_a_part_that_cant_be_read_has_none_and_is_left_to_the_runtime(tmp_path: Path) -> None:
    whole = (DATA / "sin.pte").read_bytes()
    foreign = whole.replace(b"XH00", b"XH99").replace(b"XN01", b"XN99")
    # The extended header without which nobody knows where segments are, and a segment beyond the file's end.
    lost = whole.replace(b"eh00", b"eh99")
    beyond = whole[:24] + (1 << 40).to_bytes(8, "little") + whole[32:]
    for data in (foreign, lost, beyond):
        path = tmp_path / "net.pte"
        path.write_bytes(data)
        program = read_program(path)
        assert (program.nodes, program.backends) == ((), ("XnnpackBackend",))


def test_every_flipped_byte_of_its_part_ends_in_an_answer(tmp_path: Path) -> None:
    whole = (DATA / "sin.pte").read_bytes()
    answers = set()
    path = tmp_path / "net.pte"
    # The segment begins there.
    for at in range(whole.index(b"XH00"), len(whole), 5):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        answers.add(read_program(path).nodes)
    assert answers >= {(), (15, 45)}
