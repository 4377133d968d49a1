"""Layers that hold the same weights, such as copies of one that nobody trained: a file may have these once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pocketfit.exporter.described import some
from pocketfit.units import format_bytes

if TYPE_CHECKING:
    import torch

# What batch norms begin with, and biases, is alike in every model and small.
LEAST_BYTES = 1_000
# Of the model's weights.
LEAST_SHARE = 0.01
BEGINNING = 16


def twins(model: torch.nn.Module, size_bytes: int) -> tuple[str, ...]:
    """A sentence on what the file of `size_bytes` will grow by once these layers differ, where it has them once."""
    own = {tensor.data_ptr(): (name, tensor) for name, tensor in model.named_parameters()}
    total_bytes = sum(tensor.nbytes for _, tensor in own.values())
    groups = [group for group in _alike(list(own.values())) if len(group) > 1]
    spared_bytes = sum((len(group) - 1) * group[0][1].nbytes for group in groups)
    if spared_bytes < LEAST_SHARE * total_bytes or size_bytes > total_bytes - spared_bytes / 2:
        return ()
    largest = max(groups, key=lambda group: (len(group) - 1) * group[0][1].nbytes)
    layers = _layers([name for name, _ in largest])
    return (
        f"{some(layers)} hold the same weights, which the file has once: trained ones take "
        f"{format_bytes(spared_bytes)} more",
    )


def _alike(named: list[tuple[str, torch.Tensor]]) -> list[list[tuple[str, torch.Tensor]]]:
    """Tensors that are equal, in groups; their beginnings part most of the others."""
    import torch

    rough = defaultdict(list)
    for name, tensor in named:
        if tensor.nbytes >= LEAST_BYTES:
            beginning = tuple(tensor.detach().flatten()[:BEGINNING].tolist())
            rough[(tensor.dtype, tensor.shape, beginning)].append((name, tensor))
    groups: list[list[tuple[str, torch.Tensor]]] = []
    for candidates in rough.values():
        of_these: list[list[tuple[str, torch.Tensor]]] = []
        for one in candidates:
            group = next((group for group in of_these if torch.equal(group[0][1], one[1])), None)
            if group is None:
                of_these.append([one])
            else:
                group.append(one)
        groups += of_these
    return groups


def _layers(names: list[str]) -> list[str]:
    """The names as far as they differ: layers.0, layers.1."""
    parts = [name.split(".") for name in names]
    depth = next((at for at, same in enumerate(zip(*parts, strict=False)) if len(set(same)) > 1), 0)
    return [".".join(one[: depth + 1]) for one in parts]
