"""Reads a saved file as a module. Whoever made it may be a stranger: without `trust` it is read as data alone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.exporter.described import describe
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.files.saved import saved_problem
from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import torch

# What torch says of a pickle that holds more.
WEIGHTS_ONLY = "Weights only load failed"


def load_saved(path: Path, spec: ModelSpec) -> torch.nn.Module:
    """The module in a saved file; raises ModelProblem."""
    import torch

    shown = spec.source
    if problem := saved_problem(path, shown):
        raise ModelProblem(problem)
    try:
        if path.suffix == ".pt2":
            with contextlib.nullcontext() if spec.trust else _tensors_alone():
                return torch.export.load(path).module()
        return torch.jit.load(path, map_location="cpu")
    except Exception as error:
        if WEIGHTS_ONLY in str(error):
            table = "a pocketfit.toml" if spec.by_options else f"[models.{spec.name}]"
            raise ModelProblem(
                f"{shown} holds more than tensors, and reading that runs code of whoever made it: "
                f"if you trust them, set trust = true in {table}"
            ) from error
        raise ModelProblem(f"{shown} can't be loaded: {describe(error)}") from error


@contextlib.contextmanager
def _tensors_alone() -> Iterator[None]:
    """While the block runs, torch.load reads nothing but tensors: torch.export.load asks it for any object at all."""
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"]
