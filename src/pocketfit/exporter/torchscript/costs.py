"""Why a quantized module is far from the model in fp32: the layers that lose most, and what helps."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.anatomy.losses import Explained, agreement_db, explained, first_tensor, loss, sqnr_db
from pocketfit.exporter.state.eager import copies
from pocketfit.exporter.state.held import kept
from pocketfit.exporter.torchscript.qnnpack import fuse
from pocketfit.records import LayerLoss

if TYPE_CHECKING:
    import torch

    from pocketfit.exporter.builder import BuildOrder, Step


def explain(order: BuildOrder, quantized: Step, least_db: float = math.inf) -> Explained:
    """Say in one sentence which layers cost most and what helps, where the golden inputs come out below `least_db`."""
    import torch

    try:
        with kept(order.model), kept(quantized.module), torch.no_grad():
            expected, actual = order.model(*copies(order.inputs)), quantized.module(*copies(order.inputs))
            outputs_db = agreement_db(expected, actual)
            if outputs_db is None or outputs_db >= least_db:
                return Explained()
            losses = _losses(_reference(order, quantized), quantized.module, order)
    except Exception:
        # It is only an explanation: model code may not run twice, or take no copy.
        return Explained()
    return explained(order, outputs_db, losses)


def _reference(order: BuildOrder, quantized: Step) -> Any:
    """The model in fp32 with the layers that the quantized one has: torch.fx fuses some."""
    if "quantize_fx" not in quantized.names:
        return order.model
    return fuse(copy.deepcopy(order.model), order.inputs, order.batches)


def _losses(reference: torch.nn.Module, quantized: torch.nn.Module, order: BuildOrder) -> list[LayerLoss]:
    """The loss of each layer that is quantized, or has weights."""
    theirs = dict(quantized.named_modules())
    names = [
        name
        for name, layer in reference.named_modules()
        if name in theirs and (list(layer.parameters(recurse=False)) or type(layer) is not type(theirs[name]))
    ]
    right, wrong = _watched(reference, names, order), _watched(quantized, names, order)
    seen = [name for name in names if name in right and name in wrong]
    losses = []
    for name in seen:
        before_db, after_db = map(sqnr_db, right[name], wrong[name])
        losses.append(loss(name, before_db, after_db))
    return [one for one in losses if one]


def _watched(module: torch.nn.Module, names: list[str], order: BuildOrder) -> dict[str, tuple[Any, Any]]:
    """What goes into each layer and what comes out of it, in one run on the golden inputs."""
    seen: dict[str, tuple[Any, Any]] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_layer: Any, given: Any, output: Any) -> None:
            seen.setdefault(name, (first_tensor(given), first_tensor(output)))

        return hook

    layers = dict(module.named_modules())
    handles = [layers[name].register_forward_hook(keep(name)) for name in names]
    try:
        module(*copies(order.inputs))
    finally:
        for handle in handles:
            handle.remove()
    return seen
