"""Counts what a model computes, by module."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.anatomy.bytes import group_of
from pocketfit.exporter.state.eager import copies
from pocketfit.exporter.state.held import kept

if TYPE_CHECKING:
    import torch

WHOLE = "Global"


def macs_by_module(model: torch.nn.Module, inputs: tuple[Any, ...]) -> dict[str, int]:
    """Multiply-accumulates of one run, by the same modules as bytes are; empty where they can't be counted.

    Counted by torch.utils.flop_counter (convolutions, matrix products, attention), which calls one of them 2 FLOPs.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    if isinstance(model, torch.jit.ScriptModule):
        return {}
    # Without oneDNN, whose recurrent layers the counter does not know, and with gradients: attention's fast path
    # is another operator that it does not know.
    without_mkldnn = torch.backends.mkldnn.flags(enabled=False)
    with kept(model), torch.enable_grad(), without_mkldnn, FlopCounterMode(display=False) as counter:
        try:
            model(*copies(inputs))
        except Exception:
            # Some models run without gradients only; what they compute is not worth a failure.
            return {}
    totals = {name.partition(".")[2]: sum(counts.values()) for name, counts in counter.get_flop_counts().items()}
    totals[""] = sum(counter.get_flop_counts().get(WHOLE, {}).values())
    macs = Counter[str]()
    for name, module in model.named_modules():
        own = totals.get(name, 0) - sum(
            totals.get(f"{name}.{child}".lstrip("."), 0) for child, _ in module.named_children()
        )
        if own > 0:
            macs[group_of(model, name.split(".") if name else [])] += own // 2
    return dict(macs)
