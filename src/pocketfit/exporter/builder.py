"""The interface of builders, one for each format, and the records that they take and return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pocketfit.exporter.state.eager import Habits
from pocketfit.records import Delegation, LayerLoss, ModelSpec, OperatorTimes

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.compatible import Target
    from pocketfit.exporter.tensors import Inputs
    from pocketfit.runtimes.compatibility import Call, Problem
    from pocketfit.runtimes.operators import OperatorList
    from pocketfit.runtimes.schema import Argument

    # Says how a callable disagrees with eager, or None.
    Check = Callable[[Callable[..., Any]], str | None]
    # The layers that call each operator, by its name.
    Layers = Mapping[str, tuple[str, ...]]

Made = TypeVar("Made")


@dataclass(frozen=True)
class BuildOrder:
    """A model to build: `model` in evaluation mode, what it is traced with, and what a quantizer is calibrated with.

    `enter` names the stage that begins, with a hint for a reader who sees it never end. What `target`, the Android
    runtime, refuses is rewritten where we know how. `careful` checks optional steps: they must not cost more than
    rounding does. `settles` makes the file and says whether it is beyond doubt, so that no step to it need be checked.
    `habits` is what forward does beside answering.
    """

    model: torch.nn.Module
    inputs: Inputs
    spec: ModelSpec
    precision: str = "fp32"
    batches: tuple[Inputs, ...] = ()
    enter: Callable[[str, str], None] = lambda stage, hint: None
    target: Target | None = None
    careful: Check | None = None
    settles: Callable[[Optimized], bool] | None = None
    habits: Habits = field(default_factory=Habits)


@dataclass(frozen=True)
class Step:
    """A module after a step of a recipe. `names` are the step's, none where it changed nothing.

    `losses` are the layers', as in Export.
    """

    module: Any
    names: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    losses: tuple[LayerLoss, ...] = ()


@dataclass(frozen=True)
class Optimized:
    """`module` is the format's own; `recipe` names the steps taken, `reasons` what a reader should know about them.

    `layers` are those that call an operator, where freezing made the module forget them. `odd_names` are the model's
    names with letters beyond ASCII, and what each names. `losses` and `places` are as in Export.
    """

    module: Any
    recipe: tuple[str, ...]
    reasons: tuple[str, ...]
    ops: Mapping[str, int]
    delegation: Delegation | None = None
    layers: Layers = field(default_factory=dict)
    odd_names: Mapping[str, str] = field(default_factory=dict)
    losses: tuple[LayerLoss, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """The rules by which the Android runtime of a format refuses files.

    `refusal` says why one call is refused, or None. `check` takes a file, the module that the host's torch has of it
    (or None), and the layers that call each operator, and says what is refused of all of it; `by_module` where it reads
    the calls from the module and not from the file.
    """

    refusal: Callable[[Call, OperatorList], str | None]
    check: Callable[[Path, Any, OperatorList, Layers], tuple[Problem | str, ...]]
    by_module: bool = False


def once(step: Callable[[], Made]) -> Callable[[], Made]:
    """`step`, taken when it is first asked for: what it made or raised then is had again.

    Names in TorchScript count what was made earlier in the process: a step that is taken twice changes a file's bytes.
    """
    made: list[Made] = []
    raised: list[Exception] = []

    def taken() -> Made:
        if raised:
            raise raised[0]
        if not made:
            try:
                made.append(step())
            except Exception as error:
                raised.append(error)
                raise
        return made[0]

    return taken


class Builder(Protocol):
    """Builds one mobile format; what else there is to know of it is in pocketfit/formats.py.

    `rules` are None where building itself ends with what the runtime lacks.
    """

    name: str
    rules: Rules | None

    def unfit(self) -> str | None:
        """Say why this machine can't build this format at all, or None."""

    def optimize(self, order: BuildOrder, check: Check) -> Optimized:
        """Make the model in this format, in memory. `check` says how a callable disagrees with eager, or None."""

    def save(self, optimized: Optimized, path: Path) -> int | None:
        """Write it; the bytes depend on nothing but the model and the file's name.

        Returns how many bytes of debug files were left out, where the format has some.
        """

    def load(self, path: Path) -> Callable[..., Any]:
        """Read the file as the host runs it."""

    def root_operators(self, module: Any) -> tuple[str, ...]:
        """List the operators that the made model (see Optimized) asks of its runtime, by name and overload, sorted."""

    def operator_times(self, path: Path, inputs: Inputs, enter: Callable[[str], None]) -> OperatorTimes | None:
        """Time each kind of operator of the file, as the host's runtime tells it; None for formats that never do.

        `enter` is told where that begins.
        """

    def arguments(self, path: Path) -> tuple[Argument, ...] | None:
        """List what forward of the file takes, or None where that is not known without a call.

        Raises ModelProblem where the file has no such method.
        """
