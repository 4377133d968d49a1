"""What a model is made of. Runs in the child."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def count_parameters(model: torch.nn.Module) -> int:
    """Elements of all parameters, shared ones once; frozen TorchScript has none left and counts 0."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_ops(module: Any) -> dict[str, int]:
    """How often each operator stands in forward's graph, calls inlined; control flow and constants left out."""
    counts: Counter[str] = Counter()
    # Blocks are views into the graph, which must outlive them.
    graph = module.inlined_graph
    pending = [graph]
    while pending:
        for node in pending.pop().nodes():
            if not node.kind().startswith("prim::"):
                counts[node.kind()] += 1
            pending.extend(node.blocks())
    return dict(sorted(counts.items()))
