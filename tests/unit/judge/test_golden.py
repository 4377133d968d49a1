from __future__ import annotations

from pathlib import Path

from pocketfit.judge.golden import seeded_arrays, write_arrays
from pocketfit.judge.parity import read_tensor
from pocketfit.records import InputSpec, TensorFile


def test_the_same_everywhere() -> None:
    (floats,) = seeded_arrays([InputSpec((2, 2))])
    # numpy's legacy stream for seed 0: these numbers never change (NEP 19).
    assert floats.tolist() == [[1.764052391052246, 0.40015721321105957], [0.978738009929657, 2.2408931255340576]]


def test_every_dtype() -> None:
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
