from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pocketfit.records import Delegation, ModelSpec

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.compatible import Target
    from pocketfit.exporter.tensors import Inputs

    Check = Callable[[Callable[..., Any]], str | None]


@dataclass(frozen=True)
class Wanted:
    """What to build: `model` in evaluation mode, what it is traced with, and what a quantizer is calibrated with.

    `enter` says what is done from now on, and what a reader should know if it is what never ends. What `target`, the
    Android runtime, refuses is rewritten where we know how. `careful` is what a step must pass that can be left out.
    """

    model: torch.nn.Module
    inputs: Inputs
    spec: ModelSpec
    precision: str = "fp32"
    batches: tuple[Inputs, ...] = ()
    enter: Callable[[str, str], None] = lambda stage, hint: None
    target: Target | None = None
    careful: Check | None = None


@dataclass(frozen=True)
class Optimized:
    """`module` is the format's own; `recipe` names the steps taken, `reasons` what a reader should know about them.

    `layers` are those that call an operator, where freezing made the module forget them.
    """

    module: Any
    recipe: tuple[str, ...]
    reasons: tuple[str, ...]
    ops: Mapping[str, int]
    delegation: Delegation | None = None
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Backend(Protocol):
    """How one mobile format is built; what else there is to know of it is in formats.py."""

    name: str

    def unfit(self) -> str | None:
        """Why this machine can't build this format at all, or None."""

    def optimize(self, wanted: Wanted, check: Check) -> Optimized:
        """The model in this format, in memory. `check` says how a callable disagrees with eager, or None."""

    def save(self, optimized: Optimized, path: Path) -> int | None:
        """Write it; the bytes depend on nothing but the model and the file's name.

        Returns how many bytes of debug files were left out, where the format has some.
        """

    def load(self, path: Path) -> Callable[..., Any]:
        """The file as the host runs it."""
