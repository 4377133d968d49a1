"""The user's own measure of a model, such as accuracy: a callable that gets a predict function."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pocketfit.exporter.source import describe, find_callable
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.judge.golden import SEED


def evaluate(metric: str, root: Path, run: Callable[..., Any]) -> float:
    """What `metric` ("module:callable") returns for a predict function that calls `run`.

    `predict(*inputs)` takes tensors and returns the model's outputs, nested as forward's. Random numbers are seeded
    alike before each evaluation. Raises ModelProblem with one sentence.
    """
    import numpy as np
    import torch

    def predict(*inputs: torch.Tensor) -> Any:
        with torch.no_grad():
            return run(*inputs)

    function = find_callable(metric, root)
    torch.manual_seed(SEED)
    np.random.seed(SEED)
    random.seed(SEED)
    try:
        value = function(predict)
    except (Exception, SystemExit) as error:
        raise ModelProblem(f"{metric} raises {describe(error)}") from error
    return _number(value, metric)


def _number(value: Any, metric: str) -> float:
    """A float of it, where it is one finite number: Python's, numpy's, or a tensor with one element."""
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
