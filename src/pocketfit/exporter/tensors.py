"""Nested outputs as a flat list, and tensors as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    # What is passed to forward, one tensor for each of its parameters.
    Inputs = tuple[torch.Tensor, ...]


class ModelProblem(Exception):
    """The user's model is at fault: one sentence, which becomes a failed row."""


def flatten(output: Any, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in an output with its place, depth first, keys sorted: the order of the Java program.

    Numbers become 0-d tensors; raises ModelProblem for what TorchScript can't return either.
    """
    import torch

    match output:
        case torch.Tensor():
            yield path, output
        case bool() | int() | float():
            dtype = {bool: torch.uint8, int: torch.int64, float: torch.float64}[type(output)]
            yield path, torch.tensor(output, dtype=dtype)
        case Mapping():
            for key in sorted(output):
                yield from flatten(output[key], f"{path}[{key!r}]")
        case Sequence() if not isinstance(output, str):
            for index, item in enumerate(output):
                yield from flatten(item, f"{path}[{index}]")
        case None:
            return
        case _:
            raise ModelProblem(
                f"forward returns a {type(output).__name__}: return tensors, or tuples, lists and dicts of them"
            )


def nest(like: Any, tensors: Iterator[torch.Tensor]) -> Any:
    """Tensors in the order of flatten as an output that is nested like `like`."""
    match like:
        case Mapping():
            return {key: nest(like[key], tensors) for key in sorted(like)}
        case Sequence() if not isinstance(like, str):
            items = [nest(item, tensors) for item in like]
            return tuple(items) if isinstance(like, tuple) else items
        case None:
            return None
    return next(tensors)


def to_array(tensor: torch.Tensor) -> Any:
    """Values in C order; bool as uint8, the type that Java has for it. Raises ModelProblem."""
    import torch

    plain = tensor.detach().cpu().contiguous()
    try:
        return (plain.to(torch.uint8) if plain.dtype == torch.bool else plain).numpy()
    except (TypeError, RuntimeError) as error:
        raise ModelProblem(f"a {tensor.dtype} tensor has no counterpart in Java: convert it in forward") from error


def dtype_name(tensor: torch.Tensor) -> str:
    """The dtype as configurations and numpy write it: `float32`."""
    return str(tensor.dtype).removeprefix("torch.")


def shape_text(shape: Sequence[int]) -> str:
    """A shape as a sentence has it: "1x3x224x224"."""
    return "x".join(map(str, shape)) or "scalar"


def counted(tensors: int) -> str:
    """A number of tensors as a sentence has it: "1 tensor", "2 tensors"."""
    return "1 tensor" if tensors == 1 else f"{tensors} tensors"
