"""Where operators went to in real programs, and in damaged ones."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pocketfit.runtimes.flatbuffer import Broken
from pocketfit.runtimes.places import debug_handles

DATA = Path("tests/data/executorch-1.3.1")


@pytest.mark.parametrize(
    ("name", "handles"), [("sin", {"1/0": 1, "1/1": 2}), ("mlp", {"0/0": 1, "0/1": 3}), ("pool", {})]
)
def test_each_node_of_xnnpacks_has_the_handle_of_its_operator(name: str, handles: dict[str, int]) -> None:
    with (DATA / f"{name}.pte").open("rb") as file:
        assert debug_handles(file) == handles


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(Broken, match="it is no ExecuTorch program"):
        debug_handles(io.BytesIO(b"PK\x03\x04" + bytes(100)))


def test_every_flipped_byte_ends_in_an_answer() -> None:
    whole = (DATA / "sin.pte").read_bytes()
    for at in range(8, len(whole), 7):
        try:
            found = debug_handles(io.BytesIO(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]))
        except Broken:
            continue
        assert all(place.partition("/")[0].isdigit() for place in found)
