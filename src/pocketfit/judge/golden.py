"""Golden tensors: random ones that are the same everywhere, and all of them as files. Numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.files import opened
from pocketfit.records import InputSpec, TensorFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# One seed for weights that the source makes up and for golden inputs: base and head must not differ by chance.
SEED = 0
# The dtypes, by numpy's names, that a golden tensor can have in its file, and the bytes that one value takes.
ITEM_BYTES = {"float16": 2, "float32": 4, "float64": 8, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1}
# What ends the place of an output that is a str: there its bytes stand, in UTF-8, as Python has them.
TEXT = ".encode()"
# A picture of 16 megapixels in fp32 has 200 MB.
TENSOR_LIMIT_BYTES = 256_000_000

# numpy's own limit on dimensions is 64, and more values than this are more than any file that is taken.
MOST_DIMENSIONS, MOST_VALUES = 32, 2**40


def seeded_arrays(specs: Sequence[InputSpec], seed: int = SEED) -> list[Any]:
    """Values are evenly between the bounds that a spec has; without any floats are standard normal, uint8 spans its
    range, and other integers are 0 or 1, valid as ids of any vocabulary.
    """
    import numpy as np

    # RandomState's stream is frozen for good (NEP 19), that of newer generators is not.
    random = np.random.RandomState(seed)

    def drawn(spec: InputSpec) -> Any:
        if spec.low is not None and spec.high is not None:
            if spec.dtype.startswith("float"):
                return random.uniform(spec.low, spec.high, spec.shape).astype(spec.dtype)
            return random.randint(int(spec.low), int(spec.high) + 1, spec.shape, np.int64).astype(spec.dtype)
        if spec.dtype.startswith("float"):
            return random.standard_normal(spec.shape).astype(spec.dtype)
        return random.randint(0, 256 if spec.dtype == "uint8" else 2, spec.shape).astype(spec.dtype)

    return [drawn(spec) for spec in specs]


def write_arrays(arrays: Sequence[tuple[str, Any]], folder: Path, kind: str) -> tuple[TensorFile, ...]:
    """Write each as raw little-endian values in C order to `kind`N.bin in `folder`; bool as uint8, as Java has it."""
    files = []
    for index, (path, array) in enumerate(arrays):
        plain = _as_java(array)
        file = f"{kind}{index}.bin"
        plain.astype(plain.dtype.newbyteorder("<")).tofile(folder / file)
        files.append(TensorFile(path, plain.dtype.name, tuple(plain.shape), file))
    return tuple(files)


def _as_java(array: Any) -> Any:
    """The array as Java has it: there is no bool."""
    import numpy as np

    return array.astype(np.uint8) if array.dtype == np.bool_ else array


def size_bytes_of(tensor: TensorFile) -> int:
    """How long a golden tensor's file is; raises ValueError for a dtype or a shape that no tensor has."""
    if tensor.dtype not in ITEM_BYTES:
        raise ValueError(f"{tensor.file!r} is no golden tensor: its dtype is {tensor.dtype!r}")
    # Empty ones too must be of a shape that numpy and Java can count to.
    if len(tensor.shape) > MOST_DIMENSIONS or prod(max(1, length) for length in tensor.shape) > MOST_VALUES:
        raise ValueError(f"{tensor.file!r} is no golden tensor: no tensor has its shape")
    if any(length < 0 for length in tensor.shape):
        raise ValueError(f"{tensor.file!r} is no golden tensor: a length of its shape is negative")
    return prod(tensor.shape) * ITEM_BYTES[tensor.dtype]


def read_tensor(tensor: TensorFile, folder: Path) -> NDArray[np.generic]:
    """The values of a golden tensor, in its shape; raises OSError or ValueError when the file is not as described."""
    import numpy as np

    with opened(folder.resolve()) as given:
        content = given.read(tensor.file, TENSOR_LIMIT_BYTES)
    # A copy, which may be written to.
    return np.frombuffer(bytearray(content), dtype=np.dtype(tensor.dtype).newbyteorder("<")).reshape(tensor.shape)


def check_seeded(tensors: Sequence[TensorFile], specs: Sequence[InputSpec], folder: Path) -> None:
    """Make the seeded inputs again, and raise ValueError where these files are others; OSError where one can't be read.

    Who runs a model may have chosen inputs of its own, on which it agrees with itself.
    """
    expected = seeded_arrays(specs)
    if len(tensors) != len(expected):
        raise ValueError(f"it has {len(tensors)} inputs, and the configuration {len(expected)}")
    for index, (tensor, array) in enumerate(zip(tensors, expected, strict=True)):
        plain = _as_java(array)
        same_kind = (tensor.dtype, tensor.shape) == (plain.dtype.name, plain.shape)
        if not same_kind or read_tensor(tensor, folder).tobytes() != plain.tobytes():
            raise ValueError(f"input {index} is not the seeded one that the configuration's shape stands for")
