"""Fresh draws of the kind that example inputs are of, the same everywhere. Numpy only.

What an int8 file is calibrated with must not be what it is judged on, and a few examples are all that is known of a
model's inputs. A draw keeps to what they show: values are the example's own, ids are of the vocabulary that the model
looks them up in, and masks stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

# How far a constant float input is moved, as a share of its value: other values, still the same kind of input.
PERTURBATION = 0.1
# Shorter rows have no shape of their own to keep, and shorter arrays too few values to put in another order.
LEAST_VALUES = 16
ATTEMPTS = 8
GOLDEN_RATIO = 0.618033988749895


@dataclass(frozen=True)
class Vocabulary:
    """Where the model looks integers up: the number of entries for each place of the input, 0 where it does not.

    `padding` is the id that stands for nothing, None where there is none.
    """

    entries: NDArray[np.int64]
    padding: int | None = None


def redrawn(
    examples: Sequence[Array], vocabularies: Sequence[Vocabulary | None], seed: int
) -> tuple[Array, ...] | None:
    """Another set of inputs like `examples`, or None where nothing about them can be drawn."""
    import numpy as np

    random = np.random.RandomState(seed)
    # Beside another input, such as a mask or a length, padding must stay where it is.
    # What numpy computes of a scalar array is a number, and no longer an array.
    drawn = tuple(
        np.asarray(
            _ids(values, vocabulary, random, number=seed if len(examples) == 1 else None)
            if vocabulary
            else _redrawn(values, random)
        )
        for values, vocabulary in zip(examples, vocabularies, strict=True)
    )
    if not _same(drawn, examples):
        return drawn
    # Masks and one-hot values alone: in another order they are still that.
    drawn = tuple(_reordered(values, random) for values in examples)
    return None if _same(drawn, examples) else drawn


def _same(drawn: Sequence[Array], examples: Sequence[Array]) -> bool:
    import numpy as np

    return all(np.array_equal(one, other) for one, other in zip(drawn, examples, strict=True))


def _redrawn(values: Array, random: np.random.RandomState) -> Array:
    import numpy as np

    if values.dtype.kind not in "fiu":
        return values
    finite = values[np.isfinite(values)]
    different = np.unique(finite)
    if values.dtype.kind == "f" and different.size == 1 and finite.size == values.size:
        return _moved(values, random)
    if different.size < 2 or (different.size == 2 and 0 in different):
        # A mask (0 and 1, or 0 and -inf), one-hot values, or a constant that may be a length.
        return values
    for _ in range(ATTEMPTS):
        drawn = _like(values, random)
        if not np.array_equal(drawn, values):
            return drawn
    return values


def _moved(values: Array, random: np.random.RandomState) -> Array:
    import numpy as np

    floats = values.astype(np.float64)
    scale = PERTURBATION * (float(np.abs(floats).mean()) or 1.0)
    return (floats + scale * random.standard_normal(values.shape)).astype(values.dtype)


def _ids(values: Array, vocabulary: Vocabulary, random: np.random.RandomState, *, number: int | None) -> Array:
    import numpy as np

    known, padded = vocabulary.entries > 0, _is_padding(values, vocabulary.padding)
    ids = random.randint(0, np.where(known, vocabulary.entries, 1))
    if vocabulary.padding is not None:
        ids = np.where(ids == vocabulary.padding, (ids + 1) % np.maximum(vocabulary.entries, 1), ids)
    padding = values[padded][0] if padded.any() else 0
    if number is not None:
        padded = _of_other_lengths(padded, number)
    return np.where(padded, padding, np.where(known, ids, values)).astype(values.dtype)


def _of_other_lengths(padded: NDArray[np.bool_], number: int) -> Any:
    """Rows that end in padding end elsewhere: a model that takes padding takes rows of any length.

    The first set has the shortest: what is calibrated on longer ones alone shows there. The others spread evenly, by
    multiples of the golden ratio.
    """
    import numpy as np

    if not padded.any():
        return padded
    lengths = (~padded).sum(-1, keepdims=True)
    places, longest = np.arange(padded.shape[-1]), padded.shape[-1]
    if not np.array_equal(padded, places >= lengths):
        return padded
    shortest = (longest + 3) // 4
    share = (number - 1 + np.arange(lengths.size).reshape(lengths.shape)) * GOLDEN_RATIO % 1
    return places >= shortest + np.floor(share * (longest + 1 - shortest))


def _is_padding(values: Array, padding: int | None) -> Any:
    """Places of the padding id, and of a value that ends a row again and again; an example of nothing else has none."""
    import numpy as np

    padded = np.zeros(values.shape, bool) if padding is None else values == padding
    if values.ndim and values.shape[-1] > 2:
        ends = np.logical_and.accumulate((values == values[..., -1:])[..., ::-1], axis=-1)[..., ::-1]
        padded = padded | (ends & (ends.sum(-1, keepdims=True) > 2))
    return np.zeros(values.shape, bool) if padded.all() else padded


def _like(values: Array, random: np.random.RandomState) -> Array:
    """The example's own values in another order, neighbours as alike as they were; a few floats are drawn.

    A field with the example's spectrum and random phases gives the order (Theiler et al., Physica D 58, 1992): an image
    becomes another one as smooth, and noise becomes noise. Channels keep their values to themselves.
    """
    import numpy as np

    if values.dtype.kind == "f" and values.size < LEAST_VALUES:
        finite = values[np.isfinite(values)]
        # Few values do not reach as far as their kind does; where they are of one sign, another may be out of bounds.
        both_signs = finite.min() < 0 < finite.max()
        around = random.normal(finite.mean(), finite.std(), values.shape)
        within = around if both_signs else random.uniform(finite.min(), finite.max(), values.shape)
        return np.where(np.isfinite(values), within, values).astype(values.dtype)
    if not np.isfinite(values).all():
        drawn = values.copy()
        drawn[np.isfinite(values)] = random.permutation(values[np.isfinite(values)])
        return drawn
    axes = tuple(range(2, values.ndim)) if values.ndim > 2 else (values.ndim - 1,)
    lengths = [values.shape[axis] for axis in axes]
    row = int(np.prod(lengths))
    if row < LEAST_VALUES:
        return random.permutation(values.ravel()).reshape(values.shape)
    # One set of phases for each item of a batch: channels of one image belong together.
    noise = random.standard_normal(
        [length if axis == 0 or axis in axes else 1 for axis, length in enumerate(values.shape)]
    )
    turns = np.fft.rfftn(noise, axes=axes)
    spectrum = np.fft.rfftn(values.astype(np.float64), axes=axes)
    field = np.fft.irfftn(spectrum * turns / np.maximum(np.abs(turns), 1e-300), s=lengths, axes=axes)
    ranks = field.reshape(-1, row).argsort(-1, kind="stable").argsort(-1, kind="stable")
    return np.take_along_axis(np.sort(values.reshape(-1, row), -1), ranks, -1).reshape(values.shape)


def _reordered(values: Array, random: np.random.RandomState) -> Array:
    import numpy as np

    return np.take(values, random.permutation(values.shape[-1]), axis=-1) if values.ndim else values
