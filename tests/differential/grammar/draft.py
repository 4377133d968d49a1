"""A model that is being written: lines of `__init__` and `forward`, and what is known of the tensor that flows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Feature:
    """Something planted that an exporter may stumble over.

    `reasons` is a regex of what may be said where it is why a variant fails.
    """

    name: str
    reasons: str


@dataclass
class Draft:
    """`shape` is of `x` in forward, without the batch. Everything comes from `random`, so a seed makes one model."""

    random: Random
    batch: int = 1
    shape: tuple[int, ...] = ()
    init: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    norm: str = ""
    how: str = "trace"
    tidy: list[str] = field(default_factory=list)

    def layer(self, made: str) -> str:
        """Add a submodule (or tensor) and return how forward names it."""
        self.names.append(f"m{len(self.names)}")
        self.init.append(f"self.{self.names[-1]} = {made}")
        return f"self.{self.names[-1]}"

    def weighted(self, made: str) -> str:
        """Add a layer with a weight, under the norm that this model has, if it has one."""
        return self.layer(f"{self.norm}({made})" if self.norm else made)

    def buffer(self, made: str, *, persistent: bool = True) -> str:
        self.names.append(f"b{len(self.names)}")
        kept = "" if persistent else ", persistent=False"
        self.init.append(f'self.register_buffer("{self.names[-1]}", {made}{kept})')
        return f"self.{self.names[-1]}"

    def step(self, *lines: str) -> None:
        self.steps.extend(lines)

    def plant(self, name: str, reasons: str) -> None:
        self.features.append(Feature(name, reasons))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.random.randrange(len(choices))]

    def number(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    @property
    def whole(self) -> tuple[int, ...]:
        """The shape of `x` with its batch."""
        return (self.batch, *self.shape)


Piece = Callable[[Draft], None]

# Smooth ones and those with kinks; none is a step, where a rounding would change the answer.
ACTIVATIONS = (
    "nn.ReLU()", "nn.ReLU6()", "nn.Hardswish()", "nn.SiLU()", "nn.GELU()", "nn.LeakyReLU(0.1)", "nn.ELU()", "nn.Tanh()",
    "nn.Sigmoid()", "nn.Hardtanh(-2.0, 2.0)", "nn.Softplus()", "nn.Mish()", "nn.PReLU()", "nn.ReLU(inplace=True)",
    "nn.Hardsigmoid()", "nn.SELU()", "nn.LogSigmoid()", "nn.Softsign()",
)  # fmt: skip


def activate(draft: Draft) -> None:
    channels = draft.shape[0] if len(draft.shape) != 2 else 1
    choice = draft.pick((*ACTIVATIONS, "nn.PReLU(CHANNELS)" if channels > 1 else "nn.PReLU()"))
    draft.step(f"x = {draft.layer(choice.replace('CHANNELS', str(channels)))}(x)")
