"""Why an int8 graph is far from the model in fp32: the layers that lose most, and what helps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.anatomy.losses import Explained, agreement_db, explained, first_tensor, loss, sqnr_db
from pocketfit.exporter.java_types import has_bools
from pocketfit.exporter.state.eager import copies
from pocketfit.exporter.state.held import kept
from pocketfit.records import LayerLoss

if TYPE_CHECKING:
    from pocketfit.exporter.builder import BuildOrder
    from pocketfit.exporter.tensors import Inputs

QUANTIZE, DEQUANTIZE = "quantize_per_", "dequantize_per_"


def explain(
    order: BuildOrder,
    inputs: Inputs,
    exported: Any,
    reference: Callable[[], Any],
    quantized: Any,
    least_db: float = math.inf,
) -> Explained:
    """Say in one sentence which layers cost most and what helps, where the golden inputs come out below `least_db`.

    `exported` is the program in fp32, and `reference` makes its graph whose nodes have the names of the quantized
    one's, which takes as long as quantizing: it is asked only where there is something to explain.
    """
    import torch

    try:
        with torch.no_grad():
            plain = exported.module()
            with kept(plain), kept(quantized):
                expected, actual = plain(*copies(inputs)), quantized(*copies(inputs))
            outputs_db = agreement_db(expected, actual)
            if outputs_db is None or outputs_db >= least_db:
                return Explained()
            named = reference()
            with kept(named), kept(quantized):
                losses = _losses(order, named, quantized, inputs)
    except Exception:
        # It is only an explanation: a graph may not run node by node.
        return Explained()
    return explained(order, outputs_db, losses)


def _losses(order: BuildOrder, reference: Any, quantized: Any, inputs: Inputs) -> list[LayerLoss]:
    """The largest loss of each layer over the operators that it calls."""
    from torch.fx import Interpreter

    # The model is held by a module that makes outputs flat (lowering.py), and by one more where it takes bools.
    depth = 2 if has_bools(order.inputs) else 1
    layers = {node.name: _layer(node, depth) for node in reference.graph.nodes if node.op == "call_function"}
    right: dict[str, Any] = {}
    found_db: dict[str, float | None] = {}

    class Recording(Interpreter):
        def run_node(self, n: Any) -> Any:
            value = super().run_node(n)
            if n.name in layers or n.op == "placeholder":
                right[n.name] = first_tensor(value)
            return value

    class Comparing(Interpreter):
        def run_node(self, n: Any) -> Any:
            value = super().run_node(n)
            if n.name in right:
                found_db[n.name] = sqnr_db(right[n.name], first_tensor(value))
            elif DEQUANTIZE in n.name and (of := _measured(n)) in right:
                # As the next layer sees it.
                found_db[of] = sqnr_db(right[of], first_tensor(value))
            return value

    Recording(reference).run(*copies(inputs))
    Comparing(quantized).run(*copies(inputs))
    worst: dict[str, LayerLoss] = {}
    for node in quantized.graph.nodes:
        layer = layers.get(node.name)
        before = [found_db.get(_measured(one)) for one in node.all_input_nodes]
        known = [one for one in before if one is not None]
        one = loss(layer, min(known, default=None), found_db.get(node.name)) if layer else None
        if one and (one.layer not in worst or one.lost_db > worst[one.layer].lost_db):
            worst[one.layer] = one
    return list(worst.values())


def _measured(node: Any) -> str:
    """The name of the node whose value this one is, rounded to int8 and back."""
    while any(mark in node.name for mark in (QUANTIZE, DEQUANTIZE)) and node.all_input_nodes:
        node = node.all_input_nodes[0]
    return str(node.name)


def _layer(node: Any, depth: int) -> str:
    """The innermost module that calls an operator, as the model names it; "" for the model itself."""
    path, _ = next(reversed(node.meta.get("nn_module_stack", {}).values()), ("", None))
    return ".".join(path.split(".")[depth:])
