"""Names that a model has for its inputs and outputs. Needs no torch."""

from __future__ import annotations

import inspect
import re
from typing import Any


def input_names(model: Any, count: int) -> tuple[str, ...]:
    """forward's parameter names for `count` inputs; `args[1]` for those that `*args` takes."""
    schema = getattr(getattr(model, "forward", None), "schema", None)
    if schema is not None:
        names = [argument.name for argument in schema.arguments if argument.name != "self"]
        return tuple([*names, *(f"input{index}" for index in range(len(names), count))][:count])
    try:
        parameters = list(inspect.signature(model.forward).parameters.values())
    except (TypeError, ValueError):
        return tuple(f"input{index}" for index in range(count))
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    plain = [parameter.name for parameter in parameters if parameter.kind in by_position][:count]
    rest = next((parameter.name for parameter in parameters if parameter.kind == parameter.VAR_POSITIONAL), "input")
    return (*plain, *(f"{rest}[{index}]" for index in range(count - len(plain))))


def output_name(path: str) -> str:
    """A name for the output that stands at `path` of a nested one: `[1]['aux']` is "1.aux", a lone one "output"."""
    return ".".join(part.strip("'\"") for part in re.findall(r"\[('.*?'|\".*?\"|[^\]]*)\]", path)) or "output"
