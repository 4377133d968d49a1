"""Counts what a model computes, by module."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
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

    if isinstance(model, torch.jit.ScriptModule):
        return {}
    counts, complete = _counted(model, inputs, with_mkldnn=True)
    if not complete:
        # Without oneDNN a recurrent layer is matrix products; but convolutions are slower, so not for all models.
        counts, _ = _counted(model, inputs, with_mkldnn=False)
    totals = {name.partition(".")[2]: flops for name, flops in counts.items()}
    totals[""] = counts.get(WHOLE, 0)
    macs = Counter[str]()
    for name, module in model.named_modules():
        own = totals.get(name, 0) - sum(
            totals.get(f"{name}.{child}".lstrip("."), 0) for child, _ in module.named_children()
        )
        if own > 0:
            macs[group_of(model, name.split(".") if name else [])] += own // 2
    return dict(macs)


def _counted(model: torch.nn.Module, inputs: tuple[Any, ...], *, with_mkldnn: bool) -> tuple[dict[str, int], bool]:
    """FLOPs by the counter's names of modules, and whether it knows all layers; no FLOPs where forward raises.

    With gradients: attention's fast path is another operator that it does not know.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    unknown = []

    def note(*_given: Any, **_named: Any) -> int:
        unknown.append("a recurrent layer")
        return 0

    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.mkldnn_rnn_layer: note})
    flags = nullcontext() if with_mkldnn else torch.backends.mkldnn.flags(enabled=False)
    with kept(model), torch.enable_grad(), flags, counter:
        try:
            model(*copies(inputs))
        except Exception:
            # Some models run without gradients only; what they compute is not worth a failure.
            return {}, True
    return {name: sum(of_module.values()) for name, of_module in counter.get_flop_counts().items()}, not unknown
