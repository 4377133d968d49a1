from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketfit.judge.golden import check_seeded, read_tensor, seeded_arrays, size_bytes_of, write_arrays
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


def test_values_stay_between_their_bounds() -> None:
    specs = [
        InputSpec((1000,), "int64", 5, 9),
        InputSpec((1000,), "float32", -0.5, 0.25),
        InputSpec((3,), "int8", 127, 127),
        InputSpec((100,), "bool", 1, 1),
    ]
    integers, floats, constant, mask = seeded_arrays(specs)
    assert sorted(set(integers.tolist())) == [5, 6, 7, 8, 9]
    assert -0.5 <= floats.min() < -0.4
    assert 0.2 < floats.max() <= 0.25
    assert floats.dtype.name == "float32"
    assert (constant.dtype.name, constant.tolist()) == ("int8", [127] * 3)
    assert mask.all()
    # What stands beside them is drawn as ever.
    plain = InputSpec((4,), "float32")
    assert seeded_arrays([plain])[0].tolist() == seeded_arrays([plain, specs[0]])[0].tolist()


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


def test_the_length_of_a_file_follows_from_dtype_and_shape() -> None:
    assert size_bytes_of(TensorFile("", "float32", (2, 3), "x.bin")) == 24
    assert size_bytes_of(TensorFile("", "int64", (), "x.bin")) == 8
    assert size_bytes_of(TensorFile("", "float16", (0, 5), "x.bin")) == 0


@pytest.mark.parametrize(
    ("dtype", "shape", "why"),
    [
        ("O", (1,), "its dtype is 'O'"),
        ("float32,float32", (1,), "its dtype is 'float32,float32'"),
        ("float32", (-1, -4), "a length of its shape is negative"),
        ("float32", (0, 2**62, 4), "no tensor has its shape"),
        ("float32", (1,) * 33, "no tensor has its shape"),
        ("uint8", (2**41,), "no tensor has its shape"),
    ],
)
def test_shapes_and_dtypes_that_no_tensor_has(dtype: str, shape: tuple[int, ...], why: str) -> None:
    with pytest.raises(ValueError, match=f"^'x.bin' is no golden tensor: {why}$"):
        size_bytes_of(TensorFile("", dtype, shape, "x.bin"))


SPECS = (InputSpec((1, 4), "int64"), InputSpec((3,), "bool"), InputSpec((2, 2)))


def test_seeded_inputs_are_known_again(tmp_path: Path) -> None:
    arrays = [(f"[{index}]", array) for index, array in enumerate(seeded_arrays(SPECS))]
    check_seeded(write_arrays(arrays, tmp_path, "input"), SPECS, tmp_path)


OTHERS = {
    "other values": lambda arrays: [*arrays[:2], arrays[2] * 0],
    "one bit": lambda arrays: [*arrays[:2], np.nextafter(arrays[2], np.float32(9), dtype=np.float32)],
    "another shape": lambda arrays: [*arrays[:2], arrays[2].reshape(4)],
    "another dtype": lambda arrays: [*arrays[:2], arrays[2].view(np.int32)],
    "another order": lambda arrays: [arrays[0], arrays[2], arrays[1]],
    "one too few": lambda arrays: arrays[:2],
    "one too many": lambda arrays: [*arrays, arrays[0]],
}


@pytest.mark.parametrize("case", OTHERS)
def test_inputs_of_a_childs_own_choice_are_found_out(tmp_path: Path, case: str) -> None:
    """On others a model may agree with itself, e.g. where all of them are zeros."""
    chosen = OTHERS[case](seeded_arrays(SPECS))
    files = write_arrays([(f"[{index}]", array) for index, array in enumerate(chosen)], tmp_path, "input")
    with pytest.raises(ValueError, match=r"is not the seeded one that|inputs, and the configuration 3"):
        check_seeded(files, SPECS, tmp_path)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.bin", "golden/../../secret.bin", "link.bin", "linked/secret.bin"]
)
def test_a_tensor_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.bin").write_bytes(b"1234")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "linked").symlink_to(tmp_path)
    with pytest.raises((OSError, ValueError)):
        read_tensor(TensorFile("", "float32", (1,), name), folder)
