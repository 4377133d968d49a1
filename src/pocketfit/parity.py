"""How far a model's outputs are from eager's, and how far they may be. Numpy only: host and device use it alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.records import Limits, Parity, TensorFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

# Equal to the last bit. JSON has no infinity, and no pair of different float64 arrays reaches this.
EXACT_DB = 300.0

# fp32 exports of torchvision's models agree with eager to 105-130 dB, the broken recipe of pytorch#76807 to 0-2 dB:
# 60 dB, a relative error of a thousandth, is far from both.
DEFAULT_MIN_SQNR_DB = {"fp32": 60.0}

# Where eager's output is all zeros there is no signal to relate an error to.
SILENT_MAX_ABS_DIFF = 1e-5


@dataclass(frozen=True)
class Disagreement:
    """Why an output must not be shipped: the limit it is beyond, by its key in the configuration, and a sentence."""

    limit: str
    sentence: str


def read_tensor(tensor: TensorFile, folder: Path) -> Array:
    """The values of a golden tensor, in its shape; raises OSError or ValueError when the file is not as described."""
    import numpy as np

    values = np.fromfile(folder / tensor.file, dtype=np.dtype(tensor.dtype).newbyteorder("<"))
    return values.reshape(tensor.shape)


def structure_differs(expected: Sequence[TensorFile], actual: Sequence[TensorFile]) -> str | None:
    """How the outputs differ before any value is looked at, or None."""
    if [tensor.path for tensor in expected] != [tensor.path for tensor in actual]:
        return f"its outputs are {_paths(actual)} where eager has {_paths(expected)}"
    for one, other in zip(expected, actual, strict=True):
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            return f"output{one.path} is {_kind(other)} where eager has {_kind(one)}"
    return None


def compare(expected: Sequence[Array], actual: Sequence[Array]) -> Parity:
    """Parity over all outputs, pairwise of equal shape.

    SQNR is 10 log10(sum of squares of eager / sum of squares of the difference), in float64; the lowest output counts.
    It is None where eager's output is all zeros and the other is not, and -EXACT_DB where a value is finite on one
    side only. The argmax is taken along the last axis of floating outputs.
    """
    differences, ratios_db, agreeing, rows = [], [], 0, 0
    silent = False
    for one, other in zip(expected, actual, strict=True):
        difference, ratio_db = _one_output(one, other)
        differences.append(difference)
        silent |= ratio_db is None
        ratios_db.append(EXACT_DB if ratio_db is None else ratio_db)
        if one.dtype.kind == "f" and one.ndim and one.shape[-1] > 1:
            same = one.argmax(-1) == other.argmax(-1)
            agreeing, rows = agreeing + int(same.sum()), rows + same.size
    return Parity(
        max_abs_diff=None if None in differences else max((d for d in differences if d is not None), default=0.0),
        sqnr_db=None if silent and min(ratios_db) == EXACT_DB else min(ratios_db, default=EXACT_DB),
        argmax_agreement=agreeing / rows if rows else None,
    )


def _one_output(expected: Array, actual: Array) -> tuple[float | None, float | None]:
    import numpy as np

    one, other = expected.astype(np.float64), actual.astype(np.float64)
    finite = np.isfinite(one)
    if not np.array_equal(np.where(finite, 0.0, one), np.where(np.isfinite(other), 0.0, other), equal_nan=True):
        return None, -EXACT_DB
    error = np.abs(one[finite] - other[finite])
    noise, signal = float(np.square(error).sum()), float(np.square(one[finite]).sum())
    largest = float(error.max(initial=0.0))
    if noise == 0:
        return largest, EXACT_DB
    if signal == 0:
        return largest, None
    return largest, float(np.clip(10 * np.log10(signal / noise), -EXACT_DB, EXACT_DB))


def disagreements(parity: Parity, limits: Limits, precision: str) -> tuple[Disagreement, ...]:
    """Every limit on parity that is passed: the configuration's, else the default of the precision."""
    found = []
    if parity.sqnr_db == -EXACT_DB and parity.max_abs_diff is None:
        return (
            Disagreement("min_sqnr_db", "its output has NaN or infinity where eager's has not, or the other way round"),
        )
    floor_db = limits.min_sqnr_db if limits.min_sqnr_db is not None else DEFAULT_MIN_SQNR_DB.get(precision)
    if floor_db is not None and parity.sqnr_db is not None and parity.sqnr_db < floor_db:
        found.append(
            Disagreement("min_sqnr_db", f"SQNR against eager is {parity.sqnr_db:.1f} dB, below {floor_db:g} dB")
        )
    ceiling = limits.max_abs_diff
    if ceiling is None and parity.sqnr_db is None:
        ceiling = SILENT_MAX_ABS_DIFF
    if ceiling is not None and parity.max_abs_diff is not None and parity.max_abs_diff > ceiling:
        sentence = f"the largest difference from eager is {parity.max_abs_diff:.3g}, above {ceiling:g}"
        found.append(Disagreement("max_abs_diff", sentence))
    return tuple(found)


def _paths(tensors: Sequence[TensorFile]) -> str:
    return ", ".join(tensor.path or "one tensor" for tensor in tensors) or "nothing"


def _kind(tensor: TensorFile) -> str:
    return f"{tensor.dtype} {'x'.join(map(str, tensor.shape)) or 'scalar'}"
