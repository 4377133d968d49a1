"""What forward returns, as the tracer can record it and TorchScript can return it.

The tracer takes tensors, tuples and lists of them, and dicts of one kind of values. Anything else is traced as a flat
tuple, which a few scripted lines then nest as forward does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.described import describe, some
from pocketfit.exporter.java_types import script_around
from pocketfit.exporter.raised.places import at
from pocketfit.exporter.tensors import ModelProblem, fields_of, flatten, is_record, sorted_keys

if TYPE_CHECKING:
    import torch


class Flat:
    """`module` is a model that answers with a flat tuple of tensors; `nested` is what it answered last, as it did."""

    def __init__(self, model: torch.nn.Module) -> None:
        import torch

        seen = self

        class FlatOutputs(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = model
                # Not eval(): what was loaded from a .pt2 refuses to be told, and is in its mode for good.
                self.training = False

            def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
                seen.nested = self.model(*given)
                return tuple(tensor for _, tensor in flatten(seen.nested))

        self.module, self.nested = FlatOutputs(), None


def nest_again(traced: Any, nested: Any, inputs: int) -> tuple[Any, tuple[str, ...]]:
    """TorchScript that answers with the tensors of `traced`, a flat tuple, in the places of `nested`, and what a reader
    should know of it. Raises ModelProblem where TorchScript has nothing that holds them so.
    """
    left_out: list[tuple[str, Any]] = []
    expression = _expression(nested, "", count(), left_out)
    given = ", ".join(f"x{index}" for index in range(inputs))
    source = f"def forward(self, {given}):\n    flat = self.model({given})\n    return {expression}\n"
    return script_around(traced, source), _reasons(left_out)


def is_plain(module: Any) -> bool:
    """Say whether the lite interpreter can read the type of what a module returns: it knows no unions."""
    return not any("Union[" in str(output.type()) for output in module.graph.outputs())


def _expression(output: Any, path: str, places: Iterator[int], left_out: list[tuple[str, Any]]) -> str:
    """TorchScript for one part of an output; each tensor in it takes the next place of the flat tuple.

    A part without tensors is None, which keeps the places of what follows it.
    """
    if is_record(output):
        output = fields_of(output)
    if next(flatten(output), None) is None:
        return "None"
    if isinstance(output, str):
        place = f"output{path}" if path else "the output"
        raise ModelProblem(f'{place} is a str, which tracing can\'t record: leave it to the app, or set how = "script"')
    if isinstance(output, Mapping):
        return _dict(output, path, places, left_out)
    if isinstance(output, Sequence):
        items = [_expression(item, f"{path}[{index}]", places, left_out) for index, item in enumerate(output)]
        # What Java takes as a list holds values of one type.
        is_list = isinstance(output, list) and all(map(_is_leaf, output))
        return f"[{', '.join(items)}]" if is_list else f"({', '.join(items)},)"
    return f"flat[{next(places)}]"


def _dict(output: Mapping[Any, Any], path: str, places: Iterator[int], left_out: list[tuple[str, Any]]) -> str:
    key_types = {type(key) for key in output}
    if key_types not in ({str}, {int}):
        other = next((key for key in output if type(key) not in (str, int)), next(iter(output)))
        raise ModelProblem(
            f"output{path} has the key {other!r}, and TorchScript keeps keys that are all str or all int: "
            "name the keys, or return a tuple"
        )
    items = []
    for key in sorted_keys(output):
        expression = _expression(output[key], f"{path}[{key!r}]", places, left_out)
        if expression == "None":
            left_out.append((f"{path}[{key!r}]", output[key]))
        else:
            items.append(f"{key!r}: {expression}")
    written = f"{{{', '.join(items)}}}"
    if all(_is_leaf(value) for value in output.values() if next(flatten(value), None) is not None):
        return written
    # A union of types, which TorchScript would make of it, is nothing that the lite interpreter reads.
    return f"torch.jit.annotate(Dict[{next(iter(key_types)).__name__}, Any], {written})"


def _is_leaf(value: Any) -> bool:
    return not (value is None or is_record(value) or isinstance(value, Mapping | Sequence))


def _reasons(left_out: Sequence[tuple[str, Any]]) -> tuple[str, ...]:
    """One sentence of the entries of dicts that hold nothing, by their paths and values."""
    if not left_out:
        return ()
    paths = [path for path, _ in left_out]
    what = "None" if all(value is None for _, value in left_out) else "None or empty"
    if len(paths) == 1:
        return (f"output {paths[0]} is {what} in eager: the file leaves it out",)
    return (f"outputs {some(paths)} are {what} in eager: the file leaves them out",)


def not_traced(error: Exception) -> ModelProblem:
    """The tracer's complaint in one sentence; it prints whole outputs, with their values, into some."""
    if isinstance(error, ModelProblem):
        return error
    text = str(error)
    if "cannot infer type" in text or (
        "output" in text and any(part in text for part in ("(value of type", "can be output", "of traced region"))
    ):
        return ModelProblem(
            "torch.jit.trace fails: it records tensors, and tuples, lists and dicts of them, and forward returns "
            'something else: return those alone, or set how = "script"'
        )
    return ModelProblem(f"torch.jit.trace fails: {describe(error)}{at(error)}")
