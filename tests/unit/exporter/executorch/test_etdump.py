"""An ETDump that executorch 1.5.1 wrote, against what its own Inspector says of it, and damaged ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.exporter.executorch.etdump import TracedForward, read_etdump

REAL = Path(__file__).parents[3] / "data" / "executorch-1.5.1" / "three_forwards.etdump"
TRANSPOSE, CONVOLUTION = "Transpose (ND, X32)", "Convolution (NHWC, F32) IGEMM"


def test_of_each_forward_as_its_inspector_has_it() -> None:
    """`Inspector(etdump_path=...)` gave these to single operators, in ms: 0.007 and 0.0 for the transposes, and so on.

    Loading the program is a run too, and no forward.
    """
    assert read_etdump(REAL) == (
        TracedForward(
            1_025_736, {TRANSPOSE: (2, 7_000 + 0), CONVOLUTION: (2, 9_000 + 4_000), "cumsum.out": (1, 963_286)}
        ),
        TracedForward(
            125_631, {TRANSPOSE: (2, 28_000 + 19_000), CONVOLUTION: (2, 23_000 + 23_000), "cumsum.out": (1, 6_499)}
        ),
        TracedForward(
            88_419, {TRANSPOSE: (2, 18_000 + 18_000), CONVOLUTION: (2, 20_000 + 23_000), "cumsum.out": (1, 3_523)}
        ),
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "a part of it would end at byte 0, and it has 0"),
        (b"PK\3\4" * 8, "it is no ETDump, which has ED00 at byte 8"),
        (REAL.read_bytes()[:12], "it points to byte "),
    ],
)
def test_what_is_none_says_so(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "forward.etdump"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"^{why}"):
        read_etdump(path)


@pytest.mark.parametrize("size_bytes", range(16, 2_192, 97))
def test_a_cut_one_raises_nothing_else(size_bytes: int, tmp_path: Path) -> None:
    path = tmp_path / "forward.etdump"
    path.write_bytes(REAL.read_bytes()[:size_bytes])
    with pytest.raises(ValueError, match=r"^it (points to byte|has )|^a part of it"):
        read_etdump(path)
