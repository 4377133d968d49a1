from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketfit.judge.golden import read_tensor, seeded_arrays, write_arrays
from pocketfit.records import InputSpec, TensorFile


def test_seeded_values_are_the_same_everywhere() -> None:
    (floats,) = seeded_arrays([InputSpec((2, 2))])
    # numpy's legacy stream for seed 0: these numbers never change (NEP 19).
    assert floats.tolist() == [[1.764052391052246, 0.40015721321105957], [0.978738009929657, 2.2408931255340576]]


def test_every_dtype_has_its_own_range() -> None:
    names = ("float32", "float64", "int64", "int32", "int8", "uint8", "bool")
    arrays = dict(zip(names, seeded_arrays([InputSpec((50,), name) for name in names]), strict=True))
    assert [array.dtype.name for array in arrays.values()] == list(names)
    assert set(arrays["int64"].tolist()) == {0, 1}
    assert arrays["uint8"].max() > 127


def test_bool_is_written_as_uint8(tmp_path: Path) -> None:
    ids, mask = seeded_arrays([InputSpec((1, 4), "int64"), InputSpec((3,), "bool")])
    files = write_arrays([("[0]", ids), ("[1]", mask)], tmp_path, "input")
    assert files == (
        TensorFile("[0]", "int64", (1, 4), "input0.bin"),
        TensorFile("[1]", "uint8", (3,), "input1.bin"),
    )
    assert read_tensor(files[0], tmp_path).tolist() == ids.tolist()
    assert read_tensor(files[1], tmp_path).tolist() == mask.astype(int).tolist()


def test_a_tensor_is_read_in_its_shape_or_refused(tmp_path: Path) -> None:
    np.array([[1, 2, 3]], dtype="<i8").tofile(tmp_path / "x.bin")
    assert read_tensor(TensorFile("", "int64", (1, 3), "x.bin"), tmp_path).tolist() == [[1, 2, 3]]
    with pytest.raises(ValueError, match="cannot reshape array of size 3"):
        read_tensor(TensorFile("", "int64", (2, 3), "x.bin"), tmp_path)
