"""Functions with a gradient of their own, such as a swish that saves memory in training, as the tracer can follow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Context:
    """What forward is handed to remember things for backward, which nobody calls."""

    needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *_tensors: Any) -> None:
        """Keep nothing."""

    save_for_forward = mark_dirty = mark_non_differentiable = set_materialize_grads = save_for_backward


@contextmanager
def followed() -> Iterator[None]:
    """Let `apply` of a torch.autograd.Function call its forward: recorded as it is, it is a call of Python, which no
    file can hold.
    """
    import torch

    function: Any = torch.autograd.Function
    before, without_context = vars(function)["apply"], function.setup_context

    def apply(cls: Any, *given: Any, **named: Any) -> Any:
        own_context = cls.setup_context is without_context
        return cls.forward(*([_Context()] if own_context else []), *given, **named)

    function.apply = classmethod(apply)
    try:
        yield
    finally:
        function.apply = before
