"""Why a quantized module is far from the model in fp32: the layers that lose most, and what helps."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.state.held import kept
from pocketfit.exporter.torchscript.qnnpack import fuse

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.builder import BuildOrder, Step

# Above it int8 is as good as it gets on most networks (docs/support.md): nobody asks why.
POOR_DB = 20.0
SHOWN_LAYERS = 3
# What comes in from outside has no error: a layer is not to blame for what is beyond this.
BEST_DB = 60.0
# A layer that loses less than this is like any other.
LEAST_LOSS_DB = 1.0


def explain(order: BuildOrder, quantized: Step, least_db: float = math.inf) -> tuple[str, ...]:
    """Say in one sentence which layers cost most and what helps, where the golden inputs come out below `least_db`."""
    import torch

    try:
        with kept(order.model), kept(quantized.module), torch.no_grad():
            sqnr_db = _sqnr_db(_first(order.model(*_copies(order))), _first(quantized.module(*_copies(order))))
            if sqnr_db is None or sqnr_db >= least_db:
                return ()
            losses = _losses(_reference(order, quantized), quantized.module, order)
    except Exception:
        # It is only an explanation: model code may not run twice, or take no copy.
        return ()
    layers = ", ".join(f"{name} ({before:.0f} dB before it, {after:.0f} dB after)" for name, before, after in losses)
    where = f": most is lost in {layers}" if layers else ""
    return (f"{order.precision} agrees with eager to {sqnr_db:.1f} dB on the golden inputs{where}. {_remedy(order)}",)


def _remedy(order: BuildOrder) -> str:
    """What a reader can do, in a sentence."""
    if order.precision != "int8":
        return "What helps: leave the model in fp32"
    if order.spec.calibration is None:
        return 'What helps: real inputs in calibration = "module:callable", else int8-dynamic or fp32'
    return "What helps: more, and more different, batches in calibration, else int8-dynamic or fp32"


def _reference(order: BuildOrder, quantized: Step) -> Any:
    """The model in fp32 with the layers that the quantized one has: torch.fx fuses some."""
    return fuse(copy.deepcopy(order.model), order.inputs) if "quantize_fx" in quantized.names else order.model


def _losses(
    reference: torch.nn.Module, quantized: torch.nn.Module, order: BuildOrder
) -> list[tuple[str, float, float]]:
    """The layers that lose most: name, SQNR of what goes in and of what comes out."""
    theirs = dict(quantized.named_modules())
    names = [
        name
        for name, layer in reference.named_modules()
        if name in theirs and (list(layer.parameters(recurse=False)) or type(layer) is not type(theirs[name]))
    ]
    right, wrong = _watched(reference, names, order), _watched(quantized, names, order)
    losses = []
    for name in names:
        if name not in right or name not in wrong:
            continue
        before, after = (_sqnr_db(one, other) for one, other in zip(right[name], wrong[name], strict=True))
        if after is not None:
            losses.append((name, min(BEST_DB if before is None else before, BEST_DB), min(after, BEST_DB)))
    losses.sort(key=lambda loss: loss[2] - loss[1])
    return [loss for loss in losses[:SHOWN_LAYERS] if loss[1] - loss[2] >= LEAST_LOSS_DB and loss[0]]


def _watched(module: torch.nn.Module, names: list[str], order: BuildOrder) -> dict[str, tuple[Any, Any]]:
    """What goes into each layer and what comes out of it, in one run on the golden inputs."""
    seen: dict[str, tuple[Any, Any]] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_layer: Any, given: Any, output: Any) -> None:
            seen.setdefault(name, (_first(given), _first(output)))

        return hook

    layers = dict(module.named_modules())
    handles = [layers[name].register_forward_hook(keep(name)) for name in names]
    try:
        module(*_copies(order))
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _copies(order: BuildOrder) -> tuple[Any, ...]:
    return tuple(tensor.clone() for tensor in order.inputs)


def _first(value: Any) -> Any:
    """The first tensor of a nested value, in fp32, or None."""
    import torch

    if isinstance(value, torch.Tensor):
        plain = value.dequantize() if value.is_quantized else value
        return plain.detach().float().clone()
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return next((found for item in items if (found := _first(item)) is not None), None)


def _sqnr_db(one: Any, other: Any) -> float | None:
    if one is None or other is None or one.shape != other.shape:
        return None
    noise, signal = float((one - other).square().sum()), float(one.square().sum())
    if not noise:
        return BEST_DB
    return 10 * math.log10(signal / noise) if signal else None
