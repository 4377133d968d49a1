from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketfit.parity import Disagreement, compare, disagreements, read_tensor, structure_differs
from pocketfit.records import Limits, Parity, TensorFile


def array(*values: float) -> np.ndarray:
    return np.array([values], dtype=np.float32)


@pytest.mark.parametrize(
    ("expected", "actual", "parity"),
    [
        ([array(3, 4)], [array(3, 4)], Parity(0.0, 300.0, 1.0)),
        # 10 log10(25 / 0.25) = 20
        ([array(3, 4)], [array(3, 4.5)], Parity(0.5, 20.0, 1.0)),
        ([array(3, 4)], [array(4.5, 4)], Parity(1.5, pytest.approx(10.4576, abs=1e-4), 0.0)),
        # The worst of several outputs counts, the argmax over all rows.
        ([array(3, 4), array(1, 0)], [array(3, 4), array(0, 1)], Parity(1.0, pytest.approx(-3.0103, abs=1e-4), 0.5)),
        # No signal: SQNR means nothing.
        ([array(0, 0)], [array(0, 1e-7)], Parity(pytest.approx(1e-7), None, 0.0)),
        ([array(0, 0)], [array(0, 0)], Parity(0.0, 300.0, 1.0)),
        ([array(1, np.nan)], [array(1, 2)], Parity(None, -300.0, 1.0)),
        ([array(1, 2)], [array(1, np.inf)], Parity(None, -300.0, 1.0)),
        ([array(1, np.inf)], [array(1, np.inf)], Parity(0.0, 300.0, 1.0)),
        # One value, or integers, have no argmax to agree on.
        ([array(2)], [array(2)], Parity(0.0, 300.0, None)),
        ([np.array([3, 4])], [np.array([3, 4])], Parity(0.0, 300.0, None)),
        ([np.array([3, 4])], [np.array([3, 5])], Parity(1.0, pytest.approx(13.979, abs=1e-3), None)),
    ],
)  # fmt: skip
def test_compare(expected: list[np.ndarray], actual: list[np.ndarray], parity: Parity) -> None:
    assert compare(expected, actual) == parity


@pytest.mark.parametrize(
    ("parity", "limits", "found"),
    [
        (Parity(1e-6, 120.0, 1.0), Limits(), ()),
        (Parity(1.0, 2.3, 0.0), Limits(), (Disagreement("min_sqnr_db", "SQNR against eager is 2.3 dB, below 60 dB"),)),
        (Parity(1.0, 2.3, 0.0), Limits(min_sqnr_db=2.0), ()),
        (
            Parity(0.01, 90.0, 1.0),
            Limits(max_abs_diff=1e-3),
            (Disagreement("max_abs_diff", "the largest difference from eager is 0.01, above 0.001"),),
        ),
        # Where there is no signal, the absolute difference has to do.
        (Parity(1e-7, None, None), Limits(), ()),
        (Parity(1.0, None, None), Limits(), (Disagreement("max_abs_diff", "the largest difference from eager is 1, above 1e-05"),)),
        (
            Parity(None, -300.0, None),
            Limits(min_sqnr_db=-1000),
            (Disagreement("min_sqnr_db", "its output has NaN or infinity where eager's has not, or the other way round"),),
        ),
    ],
)  # fmt: skip
def test_disagreements(parity: Parity, limits: Limits, found: tuple[Disagreement, ...]) -> None:
    assert disagreements(parity, limits, "fp32") == found


def test_structure() -> None:
    one = TensorFile("[0]", "float32", (1, 10), "")
    assert structure_differs([one], [one]) is None
    assert structure_differs([one], []) == "its outputs are nothing where eager has [0]"
    assert (
        structure_differs([one], [TensorFile("['a']", "float32", (1, 10), "")])
        == "its outputs are ['a'] where eager has [0]"
    )
    assert (
        structure_differs([one], [TensorFile("[0]", "float32", (10,), "")])
        == "output[0] is float32 10 where eager has float32 1x10"
    )


def test_read_tensor(tmp_path: Path) -> None:
    np.array([[1, 2, 3]], dtype="<i8").tofile(tmp_path / "x.bin")
    assert read_tensor(TensorFile("", "int64", (1, 3), "x.bin"), tmp_path).tolist() == [[1, 2, 3]]
    with pytest.raises(ValueError, match="cannot reshape array of size 3"):
        read_tensor(TensorFile("", "int64", (2, 3), "x.bin"), tmp_path)
