"""Three lines that make a model which takes tensors alone of one that takes anything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def wrapper(example: Any) -> str:
    """The class that hands the model what `example` holds, its tensors as inputs and all else as it is."""
    names = (f"x{index}" for index in range(1000))
    used: list[str] = []
    if isinstance(example, Mapping):
        call = ", ".join(f"{key}={_expression(value, names, used)}" for key, value in example.items())
    else:
        items = example if isinstance(example, list | tuple) else (example,)
        call = ", ".join(_expression(item, names, used) for item in items)
    return (
        "class Wrapped(torch.nn.Module): "
        "def __init__(self, model): super().__init__(); self.model = model; "
        f"def forward(self, {', '.join(used)}): return self.model({call})"
    )


def _expression(value: Any, names: Iterator[str], used: list[str]) -> str:
    """Python for one argument; each tensor in it takes the next name."""
    import torch

    match value:
        case torch.Tensor():
            used.append(next(names))
            return used[-1]
        case Mapping():
            return "{" + ", ".join(f"{key!r}: {_expression(one, names, used)}" for key, one in value.items()) + "}"
        case list() | tuple():
            items = ", ".join(_expression(one, names, used) for one in value)
            return f"[{items}]" if isinstance(value, list) else f"({items},)"
        case None | bool() | int() | float() | str():
            return repr(value)
    return "..."
