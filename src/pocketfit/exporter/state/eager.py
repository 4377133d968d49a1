"""The model in eager mode as a function that always starts from the same.

Whatever we run a model for (a look, a trace, a metric) must leave no trace in the file that is shipped: it holds the
state that `source` returned. So forward gets copies of its inputs, what it answers is copied at once, and what it wrote
into its module is put back. What it keeps elsewhere (closures, lru_cache, globals) can't be put back.
"""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.state.held import BUFFER, Changed, HeldTensor, State, is_script
from pocketfit.exporter.tensors import flatten
from pocketfit.judge.golden import SEED

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.tensors import Inputs

    Outputs = Sequence[tuple[str, torch.Tensor]]

# A model with state is asked so often in a row.
CALLS = 3


@dataclass(frozen=True)
class Habits:
    """What forward does beside answering: what it changes in its module, and which inputs it writes into.

    `remembers`: its answers to the same inputs change from call to call.
    """

    changed: tuple[Changed, ...] = ()
    written: tuple[int, ...] = ()
    remembers: bool = False

    @property
    def has_state(self) -> bool:
        return bool(self.changed) or self.remembers

    @property
    def writing(self) -> str:
        """Say that forward writes into its inputs, and what to do where that is lost; empty where it does not."""
        inputs = " and ".join(f"input {index}" for index in self.written)
        lost = "which may be lost: clone it first, and use torch's operations"
        return f"forward writes into {inputs}, {lost}" if inputs else ""


def restarts(run: Callable[..., Any]) -> Callable[[], Callable[..., Any]]:
    """What gives `run` as it is now, as often as it is asked, whatever calls do to it.

    TorchScript keeps attributes that Python can't reach: it is saved, and loaded anew. What is no module is left alone.
    """
    import torch

    if isinstance(run, Loaded):
        return run.anew
    if is_script(run):
        saved = io.BytesIO()
        try:
            torch.jit.save(run, saved)
        except RuntimeError:
            return lambda: run
        return lambda: torch.jit.load(io.BytesIO(saved.getvalue()))
    if not isinstance(run, torch.nn.Module):
        return lambda: run
    module, state = run, State(run)

    def again() -> torch.nn.Module:
        state.restore()
        return module

    return again


class Loaded:
    """A file that was loaded, and can be loaded anew: what it keeps between calls is then what the file holds."""

    def __init__(self, load: Callable[[], Callable[..., Any]]) -> None:
        self.anew, self._run = load, load()

    def __call__(self, *inputs: torch.Tensor) -> Any:
        return self._run(*inputs)


def copies(inputs: Inputs) -> Inputs:
    """Inputs of their own for one call, since forward may write into them; strides stay."""
    return tuple(tensor.clone() for tensor in inputs)


def answer(run: Callable[..., Any], inputs: Inputs) -> Outputs:
    """What `run` answers, flat. Copied at once: it may be an input, or a buffer that the next call changes."""
    return [(path, tensor.detach().clone()) for path, tensor in flatten(run(*inputs))]


class Eager:
    """A model in eager mode, which answers from the state that `source` returned and is left in it."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model, self._again = model, restarts(model)

    def anew(self) -> Callable[..., Any]:
        """The model in its first state, taking copies of inputs; the next call goes on where this one ended."""
        run = self._again()
        return lambda *inputs: run(*copies(inputs))

    def restarted(self) -> Callable[..., Any]:
        """The model itself in its first state."""
        return self._again()

    def reset(self) -> None:
        if not is_script(self.model):
            self._again()

    def answers(self, calls: Sequence[Inputs]) -> list[Outputs]:
        """The answers to calls one after the other."""
        import torch

        run = self.anew()
        try:
            with torch.no_grad():
                return [answer(run, inputs) for inputs in calls]
        finally:
            self.reset()

    def call(self, *inputs: torch.Tensor) -> Any:
        """Answer as forward does, for who knows nothing of states."""
        return self.nested(inputs)

    def nested(self, inputs: Inputs) -> Any:
        """One answer as forward nests it."""
        import torch

        try:
            with torch.no_grad():
                return self.anew()(*inputs)
        finally:
            self.reset()

    def watch(self, inputs: Inputs) -> tuple[list[Outputs], Habits]:
        """The answers to the same inputs some times in a row, and what forward did meanwhile."""
        import torch

        run = self._again()
        state = State(run) if isinstance(run, torch.nn.Module) else None
        answers, given = [], [copies(inputs) for _ in range(CALLS)]
        try:
            with torch.no_grad():
                answers = [answer(run, own) for own in given]
            changed = state.changed() if state else ()
        finally:
            self.reset()
        written = tuple(index for index, one in enumerate(inputs) if HeldTensor(one).differs(given[0][index]))
        return answers, Habits(changed, written, any(_differ(answers[0], later) for later in answers[1:]))


def _differ(one: Outputs, other: Outputs) -> bool:
    return len(one) != len(other) or any(
        HeldTensor(tensor).differs(later) for (_, tensor), (_, later) in zip(one, other, strict=True)
    )


def seed_all() -> None:
    """Seed the generators that model code draws from."""
    import numpy as np
    import torch

    torch.manual_seed(SEED)
    np.random.seed(SEED)
    random.seed(SEED)


def use_layers_made_on_first_call(model: torch.nn.Module, inputs: Inputs) -> None:
    """Let a model with lazy layers, torch's or its own, make them; whatever else the call does is undone.

    What raises here raises again where it is told of.
    """
    import torch
    from torch.nn.parameter import is_lazy

    if is_script(model):
        return
    before, state = _layers(model), State(model)
    is_made_later = any(map(is_lazy, model.parameters()))
    with contextlib.suppress(Exception), torch.no_grad():
        model(*copies(inputs))
    # Such a model notes that its layers are there, in an attribute.
    is_made = is_made_later or _layers(model) != before
    state.restore(*((BUFFER,) if is_made else ()))


def _layers(model: torch.nn.Module) -> list[tuple[str, int]]:
    return [(name, id(part)) for name, part in (*model.named_modules(), *model.named_parameters())]
