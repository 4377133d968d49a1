"""Tensors that forward may change, small and so large that numpy compares them."""

from __future__ import annotations

import pytest
import torch

from pocketfit.exporter.state.held import LARGE_BYTES, HeldTensor

SIZES = [3, LARGE_BYTES]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_what_is_changed_in_one_place_is_seen_and_put_back(size: int, dtype: torch.dtype) -> None:
    tensor = torch.zeros(size, dtype=dtype)
    held = HeldTensor(tensor)
    assert not held.differs(tensor)
    tensor[-1] = 1
    assert held.differs(tensor)
    assert held.restore() is tensor
    assert not tensor.any()
    assert held.differs(torch.zeros(size + 1, dtype=dtype))


@pytest.mark.parametrize("size", SIZES)
def test_values_that_are_nan_are_the_same(size: int) -> None:
    tensor = torch.full((size,), float("nan"))
    held = HeldTensor(tensor)
    assert not held.differs(tensor.clone())
    assert held.differs(torch.ones(size))


@pytest.mark.parametrize("size", SIZES)
def test_a_weight_with_a_gradient_in_another_layout(size: int) -> None:
    weight = torch.nn.Parameter(torch.randn(size, 2).t())
    held = HeldTensor(weight)
    assert not held.differs(weight)
    with torch.no_grad():
        weight[1, size - 1] += 1
    assert held.differs(weight)
