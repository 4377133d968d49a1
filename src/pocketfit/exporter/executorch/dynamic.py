"""Dimensions that may vary, as torch.export takes them, and why it does not take one."""

from __future__ import annotations

import inspect
import logging
import re
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.raised.places import is_the_models, shown
from pocketfit.exporter.samples.sizes import dimensions_of
from pocketfit.exporter.tensors import ModelProblem

if TYPE_CHECKING:
    import torch

    from pocketfit.records import Dimension, ModelSpec

    # For each input, the dimensions that vary by their axes; None where none does.
    Shapes = tuple[dict[int, Any] | None, ...]

GUARDS = "torch.fx.experimental.symbolic_shapes"
VIOLATED = "Constraints violated"
FIXED = re.compile(r"code specialized it to be a constant \((\d+)\)|was inferred to be a constant \((\d+)\)")
SUGGESTED = re.compile(r"^  (\w+) = (.+)$", re.MULTILINE)


def shapes_of(spec: ModelSpec) -> Shapes | None:
    """The `dynamic_shapes` of a model's inputs; None where all are of one size."""
    from torch.export import Dim

    known = dimensions_of(spec.inputs)
    if not known or not isinstance(spec.inputs, tuple):
        return None
    made = {name: Dim(name, min=one.min, max=one.max) for name, one in known.items()}
    return tuple(
        {one.axis: made[one.name] for one in each.dimensions if one.name in made} or None for each in spec.inputs
    )


def of_module(shapes: Shapes | None, module: torch.nn.Module) -> Any:
    """The same as torch.export wants it for a module whose forward may take all inputs as one."""
    parameters = inspect.signature(module.forward).parameters.values()
    gathered = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    return (shapes,) if shapes is not None and gathered else shapes


def violated(error: Exception, spec: ModelSpec, export: Callable[[], object]) -> ModelProblem | None:
    """Say which dimension can't vary as the configuration has it, and the line to blame; None for another error.

    `export` is done once more to see where the model first depends on the length, which torch only logs.
    """
    if VIOLATED not in str(error):
        return None
    known, text = dimensions_of(spec.inputs), str(error)
    suggested = {name: value for name, value in SUGGESTED.findall(text) if name in known}
    one = next((known[name] for name in known if re.search(rf"\b{name}\b", text)), next(iter(known.values())))
    where = _first_dependence(export)
    depends = f"forward depends on its length{f' at {where}' if where else ''}"
    fixed = FIXED.search(text)
    if fixed:
        number = fixed[1] or fixed[2]
        return ModelProblem(
            f"{_range(one)} can't vary: {depends}, which takes {number} alone: "
            f"take lengths from x.shape there, or write {number} for {one.name} in inputs"
        )
    advice = f"torch suggests {_plain(one, suggested[one.name])}" if one.name in suggested else "give another range"
    return ModelProblem(
        f"{_range(one)} can't be exported for all of these: {depends}: {advice}, or write forward without that"
    )


def _range(one: Dimension) -> str:
    return f"{one.name} in inputs ({one.min} to {one.max})"


def _plain(one: Dimension, suggested: str) -> str:
    """A bound as the configuration has it: "T = { min = 11, max = 16 }"."""
    least, most = re.search(r"min=(\d+)", suggested), re.search(r"max=(\d+)", suggested)
    if not least and not most:
        return f"{one.name} = {suggested}"
    return f"{one.name} = {{ min = {least[1] if least else one.min}, max = {most[1] if most else one.max} }}"


def _first_dependence(export: Callable[[], object]) -> str:
    """The line of the model that made torch assume something of a length: the one that fixes it, else the first."""
    logger, watch = logging.getLogger(GUARDS), _Guards()
    handlers, level, propagate = logger.handlers, logger.level, logger.propagate
    logger.handlers, logger.propagate = [watch], False
    logger.setLevel(logging.INFO)
    try:
        export()
    except Exception:
        # It fails as it did before.
        return watch.fixing or watch.first
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    return ""


class _Guards(logging.Handler):
    """Notes the line of the model beneath which each assumption is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.first = self.last = self.fixing = ""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if said.startswith("eval ") and "[guard added]" in said:
            self.last = _line_of_model()
            self.first = self.first or self.last
        elif said.startswith("set_replacement ") and not self.fixing:
            self.fixing = self.last


def _line_of_model() -> str:
    frames = [frame for frame in traceback.extract_stack() if is_the_models(frame.filename)]
    if not frames:
        return ""
    innermost = frames[-1]
    return f"{shown(innermost.filename)}:{innermost.lineno}, `{(innermost.line or '').strip()[:80]}`"
