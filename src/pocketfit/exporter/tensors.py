"""Nested outputs as a flat list, and tensors as arrays."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pocketfit.judge.golden import TEXT

if TYPE_CHECKING:
    import torch

    from pocketfit.records import LayerLoss

    # What is passed to forward, one tensor for each of its parameters.
    Inputs = tuple[torch.Tensor, ...]


class ModelProblem(Exception):
    """The user's model is at fault: one sentence, which becomes a failed row.

    `disagrees`: what was made of it does not compute what eager does; `losses` are its layers' (see Export).
    """

    def __init__(self, reason: str, losses: tuple[LayerLoss, ...] = (), *, disagrees: bool = False) -> None:
        super().__init__(reason)
        self.losses, self.disagrees = losses, disagrees


def flatten(output: Any, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in an output with its place, depth first, keys sorted: the order of the Java program.

    Numbers become 0-d tensors, and a str its bytes; raises ModelProblem for what TorchScript can't return either.
    """
    import torch

    match output:
        case torch.Tensor():
            yield path, output
        case bool() | int() | float():
            dtype = {bool: torch.uint8, int: torch.int64, float: torch.float64}[type(output)]
            yield path, torch.tensor(output, dtype=dtype)
        case str():
            yield f"{path}{TEXT}", torch.tensor(list(output.encode(errors="replace")), dtype=torch.uint8)
        case Mapping():
            for key in sorted_keys(output):
                yield from flatten(output[key], f"{path}[{key!r}]")
        case Sequence():
            for index, item in enumerate(output):
                yield from flatten(item, f"{path}[{index}]")
        case None:
            return
        case _ if is_record(output):
            yield from flatten(fields_of(output), path)
        case _:
            raise ModelProblem(
                f"forward returns a {type(output).__name__}: return tensors, or tuples, lists and dicts of them"
            )


def nest(like: Any, tensors: Iterator[torch.Tensor]) -> Any:
    """Tensors in the order of flatten as an output that is nested like `like`."""
    match like:
        case str():
            return bytes(next(tensors).tolist()).decode(errors="replace")
        case Mapping():
            return _refilled(like, {key: nest(like[key], tensors) for key in sorted_keys(like)})
        case Sequence():
            items = [nest(item, tensors) for item in like]
            if hasattr(like, "_fields"):
                return type(like)(*items)
            return tuple(items) if isinstance(like, tuple) else items
        case None:
            return None
        case _ if is_record(like):
            record: Any = like
            return dataclasses.replace(record, **nest(fields_of(like), tensors))
    return next(tensors)


def sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    """Keys in order, those that are no strings first: both kinds can't be compared."""
    return sorted(mapping, key=lambda key: (isinstance(key, str), key))


def is_record(value: Any) -> bool:
    """Say whether it is an object of a data class."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def fields_of(record: Any) -> dict[str, Any]:
    """A record as the dict that takes its place in a file."""
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _refilled(like: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """Other values in a mapping of the same class, whose keys may be attributes too."""
    if type(like) is dict:
        return values
    try:
        copied: Any = copy.copy(like)
        for key, value in values.items():
            copied[key] = value
    except Exception:
        # A mapping that can't be changed; the metric gets a dict.
        return values
    return copied


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


def no_forward(methods: Iterable[str]) -> ModelProblem:
    """The problem of a file that has other methods alone."""
    names = ", ".join(sorted(name for name in methods if not name.startswith("__")))
    return ModelProblem(f"it has no method forward, which is the one that is called: it has {names or 'none'}")
