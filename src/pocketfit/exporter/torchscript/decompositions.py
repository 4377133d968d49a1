"""Newer operators in terms of older ones, as TorchScript: each has the arguments of the operator of the same name.

TorchScript compiles these functions from their text and reads their annotations as they stand, so torch is imported at
the top: only functions in remedies.py import this module.
"""

import torch
from torch import Tensor


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None,
    dropout_p: float,
    is_causal: bool,
    scale: float | None,
    enable_gqa: bool,
) -> Tensor:
    """softmax(query key^T * scale + mask) value; rows that are masked whole give 0, as torch >= 2.5 does.

    Dropout is left out, as in evaluation mode.
    """
    if enable_gqa:
        key = torch.repeat_interleave(key, query.size(-3) // key.size(-3), -3)
        value = torch.repeat_interleave(value, query.size(-3) // value.size(-3), -3)
    factor = 1.0 / float(query.size(-1)) ** 0.5
    if scale is not None:
        factor = scale
    scores = torch.matmul(query * factor, key.transpose(-2, -1))
    if is_causal:
        rows = torch.arange(query.size(-2), device=query.device).unsqueeze(1)
        columns = torch.arange(key.size(-2), device=query.device).unsqueeze(0)
        scores = scores.masked_fill(columns > rows, float("-inf"))
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(torch.logical_not(attn_mask), float("-inf"))
        else:
            scores = scores + attn_mask
        nothing = torch.amax(scores, [-1], True) == float("-inf")
        return torch.matmul(torch.softmax(scores, -1).masked_fill(nothing, 0.0), value)
    return torch.matmul(torch.softmax(scores, -1), value)


def rms_norm(input: Tensor, normalized_shape: list[int], weight: Tensor | None, eps: float | None) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich 2019); eps is float32's where none is given."""
    dims = [-1 - i for i in range(len(normalized_shape))]
    small = 1.1920928955078125e-07
    if eps is not None:
        small = eps
    scaled = input * torch.rsqrt(torch.mean(input * input, dims, True) + small)
    if weight is not None:
        scaled = scaled * weight
    return scaled


def squeeze(self: Tensor, dim: list[int]) -> Tensor:
    result = self
    for i in _last_first(dim, self.dim()):
        result = torch.squeeze(result, i)
    return result


def any_of(self: Tensor, dim: list[int] | None, keepdim: bool) -> Tensor:
    result = self
    for i in _last_first(dim, self.dim()):
        result = torch.any(result, i, keepdim)
    return result


def all_of(self: Tensor, dim: list[int] | None, keepdim: bool) -> Tensor:
    result = self
    for i in _last_first(dim, self.dim()):
        result = torch.all(result, i, keepdim)
    return result


def argsort(self: Tensor, stable: bool, dim: int, descending: bool) -> Tensor:
    return torch.sort(self, stable=stable, dim=dim, descending=descending)[1]


def sum_of(self: Tensor, dim: list[int] | None, keepdim: bool, dtype: int | None) -> Tensor:
    return torch.sum(self, _last_first(dim, self.dim()), keepdim, dtype=dtype)


def mean(self: Tensor, dim: list[int] | None, keepdim: bool, dtype: int | None) -> Tensor:
    return torch.mean(self, _last_first(dim, self.dim()), keepdim, dtype=dtype)


def var(self: Tensor, dim: list[int] | None, unbiased: bool, keepdim: bool) -> Tensor:
    return torch.var(self, _last_first(dim, self.dim()), unbiased, keepdim)


def std(self: Tensor, dim: list[int] | None, unbiased: bool, keepdim: bool) -> Tensor:
    return torch.std(self, _last_first(dim, self.dim()), unbiased, keepdim)


def var_of_sample(self: Tensor, dim: list[int] | None, correction: int | None, keepdim: bool) -> Tensor:
    """For a correction that was left out, which means 1."""
    return torch.var(self, _last_first(dim, self.dim()), True, keepdim)


def std_of_sample(self: Tensor, dim: list[int] | None, correction: int | None, keepdim: bool) -> Tensor:
    """For a correction that was left out, which means 1."""
    return torch.std(self, _last_first(dim, self.dim()), True, keepdim)


def _last_first(dim: list[int] | None, rank: int) -> list[int]:
    """The dimensions that are meant (None: all), counted from the front, the last first."""
    meant: list[int] = []
    for i in range(rank):
        place = rank - 1 - i
        if dim is None or place in dim or place - rank in dim:
            meant.append(place)
    return meant
