"""Values that no range of 8 bits can hold: an observer that sees them has none left for the others.

Attention masks are the common kind: 0 beside -inf, or beside -1e9. What makes and takes them stays in fp32.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.state.held import kept

if TYPE_CHECKING:
    import torch
    import torch.fx

    from pocketfit.exporter.tensors import Inputs

# Smaller ones do no harm that would be worth leaving int8.
LEAST_EXTREME = 1e4


def is_extreme(value: Any) -> bool:
    """True for a tensor with infinite values, bool, or two groups of values that lie a hundredfold apart."""
    import torch

    if not isinstance(value, torch.Tensor) or not value.numel():
        return False
    if not value.is_floating_point():
        return bool(value.dtype == torch.bool)
    sizes = value.detach().abs()
    largest = float(sizes.max())
    if not bool(sizes.isfinite().all()):
        return True
    near, far = sizes <= largest / 100, sizes > largest / 10
    return largest >= LEAST_EXTREME and bool(((near | far).all() & near.any()).item())


def nodes_with_extremes(
    graph_module: torch.fx.GraphModule, inputs: Inputs, constants: Container[int] = ()
) -> list[torch.fx.Node]:
    """The nodes that make or take such values when the graph runs on `inputs`; none where it does not run.

    So are those of the inputs at the places `constants`, see constants.py.
    """
    import torch

    given = [node for node in graph_module.graph.nodes if node.op == "placeholder"]
    made = {node for place, node in enumerate(given) if place in constants}

    class Watching(torch.fx.Interpreter):
        def run_node(self, n: torch.fx.Node) -> Any:
            value = super().run_node(n)
            if is_extreme(value):
                made.add(n)
            return value

    try:
        with kept(graph_module), torch.no_grad():
            Watching(graph_module).run(*(tensor.clone() for tensor in inputs))
    except Exception:
        return []
    return [node for node in graph_module.graph.nodes if node in made or made.intersection(node.all_input_nodes)]
