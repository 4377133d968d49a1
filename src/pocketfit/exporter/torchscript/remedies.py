"""Rewrites operators that a runtime lacks in terms of those that it has, in the graph of a traced or scripted module.

Each rewrite is a TorchScript function with the arguments of the operator it stands for; its graph takes the operator's
place, and constant arguments then fold. The graph is what every road to the operator ends in, so it does not matter how
the model came by it. What is rewritten is compared with eager like any other step of the recipe (recipe.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from pocketfit.exporter.anatomy.calls import call_of, calls_of, graphs_of, nodes_of

if TYPE_CHECKING:
    from pocketfit.exporter.compatible import Target

# Operators by which torch.nn takes a short cut in evaluation mode, unless it is told not to.
FAST_PATHS = {"aten::_transformer_encoder_layer_fwd", "aten::_native_multi_head_attention"}


@contextmanager
def without_fast_paths() -> Iterator[None]:
    """Layers of torch.nn trace as what they are made of."""
    import torch

    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def refused_fast_paths(module: Any, target: Target) -> tuple[str, ...]:
    """The short cuts in the module that the runtime refuses."""
    refused = {call.name for call in calls_of(module) if call.name in FAST_PATHS and target.refuses(call)}
    return tuple(sorted(refused))


def rewrite(module: Any, target: Target) -> tuple[str, ...]:
    """Replace, in place, what the runtime refuses and we know how to say otherwise; returns a reason for the report."""
    counts = _rewrite(module, target)
    if not counts:
        return ()
    listed = ", ".join(f"{count} x {name.removeprefix('aten::')}" for name, count in sorted(counts.items()))
    return (f"rewritten for {target.runtime.library}: {listed}",)


def _rewrite(module: Any, target: Target) -> Counter[str]:
    import torch

    rewritten: Counter[str] = Counter()
    for graph in graphs_of(module):
        torch._C._jit_pass_inline(graph)
        while refused := next(_refused(graph, target), None):
            node, name = refused
            with graph.insert_point_guard(node):
                outputs = graph.insertGraph(_replacement(name), list(node.inputs()))
            for old, new in zip(node.outputs(), outputs, strict=True):
                old.replaceAllUsesWith(new)
            node.destroy()
            rewritten[name] += 1
        if rewritten:
            torch._C._jit_pass_constant_propagation(graph)
            torch._C._jit_pass_peephole(graph, disable_shape_peepholes=True)
            torch._C._jit_pass_dce(graph)
    return rewritten


def _refused(graph: Any, target: Target) -> Iterator[tuple[Any, str]]:
    for node in nodes_of(graph):
        call = call_of(node)
        if call and call.full_name in _functions() and target.refuses(call):
            yield node, call.full_name


@cache
def _replacement(name: str) -> Any:
    import torch

    return torch.jit.script(_functions()[name]).inlined_graph


@cache
def _functions() -> dict[str, Callable[..., Any]]:
    from pocketfit.exporter.torchscript import decompositions as ours

    return {
        "aten::scaled_dot_product_attention": ours.scaled_dot_product_attention,
        "aten::rms_norm": ours.rms_norm,
        "aten::squeeze.dims": ours.squeeze,
        "aten::any.dims": ours.any_of,
        "aten::all.dims": ours.all_of,
        "aten::argsort.stable": ours.argsort,
        "aten::sum.dim_IntList": ours.sum_of,
        "aten::mean.dim": ours.mean,
        "aten::var.dim": ours.var,
        "aten::std.dim": ours.std,
        # Newer schemas leave out what older ones have no default for.
        "aten::var.correction": ours.var_of_sample,
        "aten::std.correction": ours.std_of_sample,
    }
