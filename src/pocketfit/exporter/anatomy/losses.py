"""Says which layers of a model lose most, and what helps; they are found by costs.py of each format, and by taps.py."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pocketfit.judge.scores import degenerate
from pocketfit.records import LayerLoss

if TYPE_CHECKING:
    from pocketfit.exporter.builder import BuildOrder

# Above it int8 is as good as it gets on most networks (docs/support.md): nobody asks why.
POOR_DB = 20.0
SHOWN_LAYERS = 3
# The page has a table of them.
KEPT_LAYERS = 20
# What comes in from outside has no error: a layer is not to blame for what is beyond this, in int8.
BEST_DB_IN_8_BITS = 60.0
# All is lost: half overflows, say.
WORST_DB = -100.0
# A layer that loses less than this is like any other.
LEAST_LOSS_DB = 1.0


@dataclass(frozen=True)
class Explained:
    """What a reader is told of a file that is far from eager, and all layers that lose something, the worst first."""

    reasons: tuple[str, ...] = ()
    losses: tuple[LayerLoss, ...] = ()


def loss(
    layer: str, before_db: float | None, after_db: float | None, best_db: float = BEST_DB_IN_8_BITS
) -> LayerLoss | None:
    """A layer's loss, or None where what comes out can't be judged; `best_db` is as good as exact."""
    if after_db is None:
        return None
    before_db, after_db = (
        max(WORST_DB, min(best_db if one is None else one, best_db)) for one in (before_db, after_db)
    )
    return LayerLoss(layer, before_db, after_db)


def worst_first(losses: Iterable[LayerLoss]) -> tuple[LayerLoss, ...]:
    """Those that lose something that counts, as many as anybody reads."""
    losing = [one for one in losses if one.layer and one.lost_db >= LEAST_LOSS_DB]
    return tuple(sorted(losing, key=lambda one: -one.lost_db)[:KEPT_LAYERS])


def where(losses: Iterable[LayerLoss]) -> str:
    """Name the worst layers, as a part of a sentence; "" where there are none."""
    layers = ", ".join(
        f"{one.layer} ({one.before_db:.0f} dB before it, {one.after_db:.0f} dB after)"
        for one in worst_first(losses)[:SHOWN_LAYERS]
    )
    return f"most is lost in {layers}" if layers else ""


def explained(order: BuildOrder, outputs_db: float, losses: Iterable[LayerLoss]) -> Explained:
    """Say how far a quantized model is from eager, where most is lost, and what helps."""
    worst = worst_first(losses)
    layers = f": {where(worst)}" if worst else ""
    how_far = f"{order.precision} agrees with eager to {outputs_db:.1f} dB on the golden inputs{layers}"
    return Explained((f"{how_far}. {_remedy(order)}",), worst)


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
    """The SQNR of two tensors in dB, infinite where they are equal, minus infinite where one is not finite.

    None where there is none, or nothing to compare.
    """
    if one is None or other is None or one.shape != other.shape:
        return None
    noise, signal = float((one - other).double().square().sum()), float(one.double().square().sum())
    if not math.isfinite(noise):
        return -math.inf if math.isfinite(signal) else None
    if not noise:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else None
