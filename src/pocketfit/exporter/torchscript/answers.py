"""What forward returns, as the tracer can record it: no None, no records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.source import describe
from pocketfit.exporter.tensors import ModelProblem, fields_of, is_record

if TYPE_CHECKING:
    import torch


def with_plain_outputs(model: torch.nn.Module) -> torch.nn.Module:
    """The model, wrapped so that its outputs are tensors, tuples, lists and dicts; TorchScript stays as it is."""
    import torch

    if isinstance(model, torch.jit.ScriptModule):
        return model

    class PlainOutputs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            # Not eval(): what was loaded from a .pt2 refuses to be told, and is in its mode for good.
            self.training = False

        def forward(self, *given: torch.Tensor) -> Any:
            return _plain(self.model(*given))

    return PlainOutputs()


def _plain(output: Any, path: str = "") -> Any:
    """The output without None; raises ModelProblem where that would move other outputs."""
    if is_record(output):
        output = fields_of(output)
    if isinstance(output, Mapping):
        given = {key: value for key, value in output.items() if value is not None}
        if other := next((key for key in given if not isinstance(key, str)), None):
            raise ModelProblem(
                f"output{path} has the key {other!r}, and tracing keeps keys that are str alone: "
                'name the keys, return a tuple, or set how = "script"'
            )
        return {key: _plain(value, f"{path}[{key!r}]") for key, value in given.items()}
    if isinstance(output, list | tuple):
        items = list(output)
        while items and items[-1] is None:
            items.pop()
        missing = [index for index, item in enumerate(items) if item is None]
        if missing:
            raise ModelProblem(
                f"output{path}[{missing[0]}] is None, which tracing can't return: leave it out, return a dict, "
                'or set how = "script"'
            )
        plain = [_plain(item, f"{path}[{index}]") for index, item in enumerate(items)]
        return plain if isinstance(output, list) else tuple(plain)
    return output


def not_traced(error: Exception) -> ModelProblem:
    """The tracer's complaint in one sentence; it prints whole outputs, with their values, into some."""
    if isinstance(error, ModelProblem):
        return error
    text = str(error)
    if "output" in text and ("(value of type" in text or "can be output" in text or "of traced region" in text):
        return ModelProblem(
            "torch.jit.trace fails: it records tensors, and tuples, lists and dicts of them, and forward returns "
            'something else, such as a str: return those alone, or set how = "script"'
        )
    return ModelProblem(f"torch.jit.trace fails: {describe(error)}")
