"""Layers whose weights other modules read: quantized, a layer has a method where they expect a tensor."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.state.eager import copies
from pocketfit.exporter.state.held import kept

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs


def without_short_cuts(model: torch.nn.Module) -> None:
    """Let torch.nn's encoder layers, in place, call their linear layers: a fused kernel reads the weights alone."""
    import torch

    for part in model.modules():
        if isinstance(part, torch.nn.TransformerEncoderLayer):
            # One of the conditions of the short cut, and of nothing else.
            part.activation_relu_or_gelu = 0


def read_elsewhere(model: torch.nn.Module, layers: Sequence[torch.nn.Module], inputs: Inputs) -> list[torch.nn.Module]:
    """Those of `layers` whose parameters are read outside of their own forward when the model runs on `inputs`."""
    import torch

    with _watched(layers) as read, kept(model), torch.no_grad(), contextlib.suppress(Exception):
        # What raises here raises again where it is told of.
        model(*copies(inputs))
    return [layer for layer in layers if id(layer) in read]


@contextlib.contextmanager
def _watched(layers: Sequence[torch.nn.Module]) -> Iterator[set[int]]:
    """Note the layers, by id, whose parameters somebody reads; they are of a subclass of their class meanwhile."""
    import torch

    read: set[int] = set()
    running: list[int] = []

    class Watched:
        def __call__(self, *given: Any, **named: Any) -> Any:
            running.append(id(self))
            try:
                return super().__call__(*given, **named)  # type: ignore[misc]
            finally:
                running.pop()

        def __getattr__(self, name: str) -> Any:
            value = super().__getattr__(name)  # type: ignore[misc]
            if isinstance(value, torch.nn.Parameter) and id(self) not in running:
                read.add(id(self))
            return value

    before = [type(layer) for layer in layers]
    for layer, kind in zip(layers, before, strict=True):
        layer.__class__ = type(kind.__name__, (Watched, kind), {})
    try:
        yield read
    finally:
        for layer, kind in zip(layers, before, strict=True):
            layer.__class__ = kind
