"""Says which layers of a quantized model lose most, and what helps; the formats find them (costs.py of each)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pocketfit.judge.scores import degenerate

if TYPE_CHECKING:
    from pocketfit.exporter.builder import BuildOrder

# Above it int8 is as good as it gets on most networks (docs/support.md): nobody asks why.
POOR_DB = 20.0
SHOWN_LAYERS = 3
# What comes in from outside has no error: a layer is not to blame for what is beyond this.
BEST_DB = 60.0
# A layer that loses less than this is like any other.
LEAST_LOSS_DB = 1.0


@dataclass(frozen=True)
class Loss:
    """The SQNR in dB of what goes into a layer and of what comes out of it."""

    layer: str
    before_db: float
    after_db: float

    @property
    def lost_db(self) -> float:
        return self.before_db - self.after_db


def loss(layer: str, before_db: float | None, after_db: float | None) -> Loss | None:
    """A layer's loss, or None where what comes out can't be judged."""
    if after_db is None:
        return None
    return Loss(layer, min(BEST_DB if before_db is None else before_db, BEST_DB), min(after_db, BEST_DB))


def sentence(order: BuildOrder, outputs_db: float, losses: Iterable[Loss]) -> str:
    """Say how far a quantized model is from eager, where most is lost, and what helps."""
    largest = sorted((one for one in losses if one.layer), key=lambda one: -one.lost_db)[:SHOWN_LAYERS]
    layers = ", ".join(
        f"{one.layer} ({one.before_db:.0f} dB before it, {one.after_db:.0f} dB after)"
        for one in largest
        if one.lost_db >= LEAST_LOSS_DB
    )
    where = f": most is lost in {layers}" if layers else ""
    return f"{order.precision} agrees with eager to {outputs_db:.1f} dB on the golden inputs{where}. {_remedy(order)}"


def _remedy(order: BuildOrder) -> str:
    """What a reader can do, in a sentence."""
    if order.precision != "int8":
        return "What helps: leave the model in fp32"
    if order.spec.calibration is None:
        return 'What helps: real inputs in calibration = "module:callable", else int8-dynamic or fp32'
    return "What helps: more, and more different, batches in calibration, else int8-dynamic or fp32"


def first_tensor(value: Any) -> Any:
    """The first tensor of a nested value, in fp32, or None."""
    import torch

    if isinstance(value, torch.Tensor):
        plain = value.dequantize() if value.is_quantized else value
        return plain.detach().float().clone()
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return next((found for item in items if (found := first_tensor(item)) is not None), None)


def agreement_db(expected: Any, actual: Any) -> float | None:
    """The SQNR in dB of the first tensors of two outputs; None where agreement with the first would mean nothing."""
    one, other = first_tensor(expected), first_tensor(actual)
    if one is None or degenerate([one.numpy()]):
        return None
    return sqnr_db(one, other)


def sqnr_db(one: Any, other: Any) -> float | None:
    """The SQNR of two tensors in dB; None where there is none, or nothing to compare."""
    if one is None or other is None or one.shape != other.shape:
        return None
    noise, signal = float((one - other).square().sum()), float(one.square().sum())
    if not noise:
        return BEST_DB
    return 10 * math.log10(signal / noise) if signal else None
