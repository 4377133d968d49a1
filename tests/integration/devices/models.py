"""Tiny modules, each with something that a runtime may do right or wrong."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def convolution() -> nn.Module:
    """With the statistics of a trained batch norm, so that folding it wrongly would show."""
    torch.manual_seed(1)
    norm = nn.BatchNorm2d(8)
    norm.running_mean = torch.randn(8)
    norm.running_var = torch.rand(8) + 0.5
    return nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), norm, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


class ManyTypes(nn.Module):
    """Ids and a mask in, as a text model takes them; a nested output of several types and memory formats."""

    def forward(self, ids: Tensor, mask: Tensor, image: Tensor) -> object:
        total = ids.float().sum() + mask.float().sum()
        last = (image * 2).to(memory_format=torch.channels_last)
        return {"out": last, "aux": mask.float() + 1}, [total, image[0]], mask, image.double(), ids.int()


class Numbers(nn.Module):
    """Scripted, since a trace would make tensors of the numbers."""

    def forward(self, x: Tensor) -> tuple[dict[int, Tensor], float, int, bool, list[int]]:
        return {10: x + 1, 3: x}, 0.5, x.numel(), True, [7, 8]


class Remembers(nn.Module):
    """Counts in a buffer, and writes into its input: each call needs inputs of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("sum", torch.zeros(1, 4))

    def forward(self, x: Tensor) -> Tensor:
        x.add_(1)
        self.sum.add_(x)
        return self.sum * 1.0


class Attention(nn.Module):
    def forward(self, query: Tensor) -> Tensor:
        return nn.functional.scaled_dot_product_attention(query, query, query)


class OutOfBounds(nn.Module):
    """Writes as far as the last number in `rows` says: the operator believes that they are below 4."""

    def forward(self, rows: Tensor) -> Tensor:
        return torch._convert_indices_from_coo_to_csr(rows, 4)


class Endless(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        for _ in range(1_000_000_000_000):
            x = x * 0.5 + 1.0
        return x


class Huge(nn.Module):
    """Asks for more memory than a machine has."""

    def forward(self, x: Tensor) -> Tensor:
        return x.repeat(1 << 50)
