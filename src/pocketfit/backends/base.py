from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pocketfit.records import ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.backends.recipe import Optimized

    Inputs = tuple[torch.Tensor, ...]
    Check = Callable[[Callable[..., Any]], str | None]


class Backend(Protocol):
    """One mobile format. Implementations hold no state; all but the first two run in the child."""

    name: str
    suffix: str

    def skips(self, spec: ModelSpec, precision: str) -> str | None:
        """Why this model can't be tried in this format and precision, or None. Asked without torch."""

    def unfit(self) -> str | None:
        """Why this machine can't build this format at all, or None."""

    def optimize(self, model: torch.nn.Module, inputs: Inputs, spec: ModelSpec, check: Check) -> Optimized:
        """The model in this format, in memory. `check` says how a callable disagrees with eager, or None."""

    def save(self, optimized: Optimized, path: Path) -> None:
        """Write it; the bytes depend on nothing but the model and the file's name."""

    def load(self, path: Path) -> Callable[..., Any]:
        """The file as the host runs it."""
