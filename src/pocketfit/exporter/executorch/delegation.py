"""Counts what XNNPACK runs of a lowered program, and what is left to portable kernels.

ExecuTorch's own get_delegation_info counts the same nodes, but needs pandas.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pocketfit.records import Delegation
from pocketfit.runtimes.schema import Overload

MOST_NAMES = 8
# Inside a delegate they only mark what XNNPACK computes in int8: it runs no such operator.
MARKERS = "quantized_decomposed::"


def count(program: Any) -> tuple[Delegation, dict[str, int]]:
    """Count the operators of a lowered `ExportedProgram`: the numbers, and all by name."""
    from executorch.exir.lowered_backend_module import LoweredBackendModule

    taken: Counter[str] = Counter()
    left: Counter[str] = Counter(name for graph in graphs(program.graph_module) for name in _operators(graph))
    for module in program.graph_module.modules():
        if isinstance(module, LoweredBackendModule):
            names = _operators(module.original_module.graph)
            taken.update(name for name in names if not name.startswith(MARKERS))
    numbers = Delegation(taken.total(), taken.total() + left.total(), dict(sorted(left.items())))
    return numbers, dict(sorted((taken + left).items()))


def reasons(delegation: Delegation) -> list[str]:
    """One sentence where something is left out."""
    if not delegation.left_out:
        return []
    largest = sorted(delegation.left_out.items(), key=lambda item: (-item[1], item[0]))
    names = ", ".join(f"{name} ({times})" for name, times in largest[:MOST_NAMES])
    more = f" and {len(largest) - MOST_NAMES} more kinds" if len(largest) > MOST_NAMES else ""
    return [
        f"XNNPACK takes {delegation.delegated:,} of {delegation.total:,} operators; left to portable kernels: "
        f"{names}{more}"
    ]


def layers(program: Any) -> dict[str, tuple[str, ...]]:
    """The layers that call each kernel of a finished program, as `features.3`; `forward` is the model itself."""
    found: dict[str, dict[str, None]] = {}
    for graph in graphs(program.graph_module):
        for node in graph.nodes:
            for schema in _schema_of(node):
                name = Overload(schema.name, schema.overload_name).full_name
                found.setdefault(name, {})[_layer_of(node)] = None
    return {name: tuple(names) for name, names in found.items()}


def _layer_of(node: Any) -> str:
    """Its module's name as the model has it; the program's is inside of `lowering._with_doors`."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path = str(stack[-1][0]) if stack else ""
    return path.removeprefix("model").lstrip(".") or "forward"


def graphs(module: Any) -> Iterator[Any]:
    """The graph and those of its branches and loops, without the delegates'."""
    import torch

    yield module.graph
    for child in module.children():
        if isinstance(child, torch.fx.GraphModule):
            yield from graphs(child)


def _operators(graph: Any) -> Iterator[str]:
    return (schema.name for schema in _schemas(graph))


def _schemas(graph: Any) -> Iterator[Any]:
    for node in graph.nodes:
        yield from _schema_of(node)


def _schema_of(node: Any) -> Iterator[Any]:
    if is_operator(node):
        yield node.target._schema


def is_operator(node: Any) -> bool:
    """Say whether a node of a graph calls one: taking an item, reserving memory and calling a delegate are none."""
    return node.op == "call_function" and node.target is not operator.getitem and hasattr(node.target, "_schema")
