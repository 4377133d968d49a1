"""Fresh draws are of their example's kind, never the example, and the same everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pocketfit.judge.draws import Vocabulary, redrawn

RANDOM = np.random.RandomState(7)
IMAGE = np.cumsum(RANDOM.rand(1, 3, 24, 24), axis=-1).astype(np.float32)


def draw(*examples: Any, vocabulary: Vocabulary | None = None, seed: int = 1) -> tuple[Any, ...]:
    drawn = redrawn(examples, [vocabulary, *[None] * (len(examples) - 1)], seed)
    assert drawn is not None
    assert [(one.shape, one.dtype) for one in drawn] == [(one.shape, one.dtype) for one in examples]
    assert all(isinstance(one, np.ndarray) for one in drawn)
    return drawn


def of(entries: int, shape: tuple[int, ...], padding: int | None = None) -> Vocabulary:
    return Vocabulary(np.full(shape, entries), padding)


def test_floats_are_the_examples_own_channel_by_channel() -> None:
    (one,), (other,) = draw(IMAGE), draw(IMAGE, seed=2)
    for drawn in (one, other):
        assert not np.array_equal(drawn, IMAGE)
        assert np.array_equal(np.sort(drawn.reshape(3, -1)), np.sort(IMAGE.reshape(3, -1)))
    assert not np.array_equal(one, other)
    assert np.array_equal(one, draw(IMAGE)[0])


def test_what_is_smooth_stays_smooth() -> None:
    waves = np.sin(np.arange(400.0) / 15).astype(np.float32)[None]
    shuffled = np.random.RandomState(0).permutation(waves.ravel())[None]
    steps = [float(np.abs(np.diff(one)).mean()) for one in (waves, draw(waves)[0], shuffled)]
    assert steps[1] < 3 * steps[0] < steps[2]


@pytest.mark.parametrize("shape", [(5,), (1, 5), (1, 40), (4, 3), (2, 3, 2, 2), (1, 1, 64), ()])
def test_floats_of_any_shape_stay_within_the_examples_range(shape: tuple[int, ...]) -> None:
    example = np.asarray(RANDOM.rand(*shape) + 1.0, np.float32)
    (drawn,) = draw(example)
    assert not np.array_equal(drawn, example)
    if example.size > 1:
        assert example.min() <= drawn.min() <= drawn.max() <= example.max()


@pytest.mark.parametrize("padding", [None, 0])
def test_a_scalar_is_drawn_as_an_array(padding: int | None) -> None:
    """Another strength, threshold or id: numpy itself makes a number of it, which torch takes for no array."""
    scale, image = np.asarray(0.5, np.float32), np.ones((2, 3), np.float32)
    assert draw(image, scale)[1] != scale
    assert 0 <= draw(np.asarray(3), vocabulary=of(40, (), padding))[0] < 40


def test_ids_are_of_the_vocabulary_and_padding_stays_beside_a_mask() -> None:
    ids = np.array([[7, 8, 9, 3, 0, 0, 0, 0]])
    mask = (ids != 0).astype(np.float32)
    drawn, same = draw(ids, mask, vocabulary=of(5000, ids.shape, 0))
    assert np.array_equal(same, mask)
    assert np.array_equal(drawn == 0, ids == 0)
    assert drawn.max() > 100
    assert drawn.max() < 5000


def test_ids_alone_are_padded_to_other_lengths() -> None:
    ids = np.array([[7, 8, 9, 3, 0, 0, 0, 0]])
    lengths = [int((draw(ids, vocabulary=of(50, ids.shape, 0), seed=seed)[0] != 0).sum()) for seed in range(1, 12)]
    assert lengths[0] == 2
    assert set(lengths) == set(range(2, 9))


def test_ids_that_are_all_the_same_are_no_padding() -> None:
    (drawn,) = draw(np.zeros((1, 12), np.int64), vocabulary=of(300, (1, 12), 0))
    assert (drawn > 0).all()


def test_ids_of_columns_with_tables_of_their_own() -> None:
    entries = np.array([[3, 1000, 0]])
    (drawn,) = draw(np.array([[1, 500, 9]]), vocabulary=Vocabulary(entries))
    assert drawn[0, 0] < 3
    assert drawn[0, 1] < 1000
    assert drawn[0, 2] == 9


@pytest.mark.parametrize(
    "mask",
    [
        np.array([[True, False, True]]),
        np.array([[0.0, 0.0, -np.inf]], np.float32),
        np.array([[0.0, 0.0, -1e9]], np.float32),
        np.array([[0, 1, 1]]),
        np.array([12]),
    ],
)
def test_masks_and_lengths_stay_beside_what_can_be_drawn(mask: Any) -> None:
    drawn, same = draw(IMAGE, mask)
    assert not np.array_equal(drawn, IMAGE)
    assert np.array_equal(same, mask)


def test_infinity_stays_where_it_is() -> None:
    bias = RANDOM.rand(1, 20).astype(np.float32)
    bias[0, 4:9] = -np.inf
    (drawn,) = draw(bias)
    assert np.array_equal(np.isinf(drawn), np.isinf(bias))
    assert not np.array_equal(drawn, bias)


def test_a_constant_is_moved_a_little() -> None:
    (drawn,) = draw(np.full((1, 100), 5.0, np.float32))
    assert 0.3 < (drawn - 5).std() < 0.7


def test_a_one_hot_input_alone_stays_one_hot() -> None:
    hot = np.zeros((1, 30), np.float32)
    hot[0, 3] = 1
    (drawn,) = draw(hot)
    assert drawn.sum() == 1
    assert drawn.max() == 1


@pytest.mark.parametrize("example", [np.array([[3, 3]]), np.zeros((2, 2), bool), np.zeros((0, 3), np.float32)])
def test_what_nothing_can_be_drawn_of(example: Any) -> None:
    assert redrawn([example], [None], 1) is None
