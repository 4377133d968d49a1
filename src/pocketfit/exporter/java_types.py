"""Inputs as Java can hand them to a model: it has no bool tensors, and artifacts take uint8 for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs


def with_java_types(model: torch.nn.Module, inputs: Inputs, methods: tuple[str, ...] = ()) -> torch.nn.Module:
    """A model that takes bool tensors, wrapped so that it takes uint8: Java has no bool tensors.

    So do its `methods`, which take what forward takes.
    """
    import torch

    if not has_bools(inputs):
        return model
    are_bool = tuple(tensor.dtype == torch.bool for tensor in inputs)

    class BoolFromUint8(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            # Not eval(): what was loaded from a .pt2 refuses to be told, and is in its mode for good.
            self.training = False

    def passing_on(name: str) -> Callable[..., Any]:
        def method(self: BoolFromUint8, *given: torch.Tensor) -> Any:
            taken = (one.bool() if is_bool else one for one, is_bool in zip(given, are_bool, strict=True))
            return (self.model if name == "forward" else getattr(self.model, name))(*taken)

        return method

    for name in ("forward", *methods):
        setattr(BoolFromUint8, name, passing_on(name))
    return BoolFromUint8()


def script_around(model: Any, source: str) -> Any:
    """TorchScript whose forward is `source`, and calls `model`, which is TorchScript too, as self.model."""
    import torch

    class Around(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            self.training = False

    module: Any = torch.jit.script(Around())
    module.define(source)
    return module


def has_bools(inputs: Inputs) -> bool:
    """Say whether with_java_types wraps a model that takes these."""
    import torch

    return any(tensor.dtype == torch.bool for tensor in inputs)


def java_inputs(inputs: Inputs) -> Inputs:
    """The inputs as Java passes them (see with_java_types), for one call: it may write into them."""
    import torch

    return tuple(tensor.to(torch.uint8) if tensor.dtype == torch.bool else tensor.clone() for tensor in inputs)


def java_reasons(inputs: Inputs) -> tuple[str, ...]:
    """Tell the reader of a report about with_java_types."""
    import torch

    bools = [index for index, tensor in enumerate(inputs) if tensor.dtype == torch.bool]
    return tuple(
        f"input {index} is bool, which Java has no tensors for: the artifact takes uint8 (0 or 1)" for index in bools
    )
