"""The user's own measure of a model, such as accuracy: a callable that gets a predict function."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.java_types import java_inputs
from pocketfit.exporter.raised.log import log_traceback
from pocketfit.exporter.raised.sentences import raised
from pocketfit.exporter.source import find_callable
from pocketfit.exporter.state.eager import Eager, seed_all
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.records import Evaluated

if TYPE_CHECKING:
    import torch

Enter = Callable[[str], None]


class UsersMetric:
    """The metric of a configuration ("module:callable", or None), of the model as it came and of the file made of it.

    `evaluated` is None without a metric; `reasons` says why a value is missing.
    """

    def __init__(self, metric: str | None, root: Path) -> None:
        self.metric, self.root = metric, root
        self.evaluated: Evaluated | None = None
        self.reasons: tuple[str, ...] = ()

    def of_eager(self, model: torch.nn.Module, enter: Enter) -> None:
        """Compute it of the model itself, from its first state on."""
        if self.metric is not None:
            eager = Eager(model)
            self.evaluated = Evaluated(self._value(self.metric, eager.anew(), "eager", enter))
            eager.reset()

    def of_file(self, run: Callable[..., Any], name: str, enter: Enter) -> None:
        """Compute it of the file too, where eager has a value to compare with."""
        if self.metric is not None and self.evaluated and self.evaluated.eager is not None:
            value = self._value(self.metric, lambda *inputs: run(*java_inputs(inputs)), name, enter)
            self.evaluated = Evaluated(self.evaluated.eager, value)

    def _value(self, metric: str, run: Callable[..., Any], name: str, enter: Enter) -> float | None:
        enter(f"computing the metric {metric} of {name}")
        try:
            return evaluate(metric, self.root, run)
        except ModelProblem as problem:
            log_traceback(problem)
            self.reasons = (f"the metric of {name} has no value: {problem}",)
            return None


def evaluate(metric: str, root: Path, run: Callable[..., Any]) -> float:
    """Call `metric` ("module:callable") with a predict function that calls `run`.

    `predict(*inputs)` takes tensors and returns the model's outputs, nested as forward's. Random numbers are seeded
    alike before each evaluation. Raises ModelProblem with one sentence.
    """
    import torch

    def predict(*inputs: torch.Tensor) -> Any:
        with torch.no_grad():
            return run(*inputs)

    function = find_callable(metric, root)
    seed_all()
    try:
        value = function(predict)
    except (Exception, SystemExit) as error:
        raise ModelProblem(raised(metric, error)) from error
    return _number(value, metric)


def _number(value: Any, metric: str) -> float:
    """The value as a float, where it is one finite number: Python's, numpy's, or a tensor with one element."""
    import numpy as np
    import torch

    if isinstance(value, torch.Tensor | np.generic | np.ndarray):
        if value.size != 1 if isinstance(value, np.generic | np.ndarray) else value.numel() != 1:
            raise ModelProblem(f"{metric} returns {tuple(value.shape)} values instead of one number")
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelProblem(f"{metric} returns a {type(value).__name__} instead of a number")
    if not math.isfinite(value):
        raise ModelProblem(f"{metric} returns {float(value)}, which is no value to compare")
    return float(value)
