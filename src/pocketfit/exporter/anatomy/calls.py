"""Reads from its graphs which operators a TorchScript module calls."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from pocketfit.runtimes.compatibility import Call, Given

# Statements of the language itself: every interpreter has them, under no name that a file spells.
SYNTAX = "prim::"


def calls_of(module: Any) -> tuple[Call, ...]:
    """Every call of an operator in all methods, calls of other methods inlined."""
    return tuple(call for graph in _inlined(module) for node in nodes_of(graph) if (call := call_of(node)))


def count_ops(module: Any) -> dict[str, int]:
    """Count how often each operator stands in forward's graph, calls inlined; control flow and constants left out."""
    graph = module.inlined_graph
    return dict(sorted(Counter(node.kind() for node in nodes_of(graph)).items()))


def layers_of(module: Any) -> dict[str, tuple[str, ...]]:
    """The layers that call each operator, as `blocks.3.norm`; `forward` is what the model itself calls."""
    layers: dict[str, dict[str, None]] = defaultdict(dict)
    for graph in _inlined(module):
        for node in nodes_of(graph):
            if scope := node.scopeName():
                layer = scope.rpartition("/")[2].removeprefix("__module.").removeprefix("__module")
                layers[node.kind()][layer or "forward"] = None
    return {kind: tuple(names) for kind, names in (layers or _layers_of_script(module)).items()}


def _layers_of_script(module: Any) -> dict[str, dict[str, None]]:
    """A script's nodes don't know their layer: the innermost ones whose own code has the operator."""
    kinds = {
        name: {node.kind() for graph in _inlined(layer) for node in nodes_of(graph)}
        for name, layer in module.named_modules()
    }
    layers: dict[str, dict[str, None]] = defaultdict(dict)
    for name, mine in kinds.items():
        inside = [theirs for other, theirs in kinds.items() if other != name and other.startswith(name and f"{name}.")]
        for kind in mine.difference(*inside):
            layers[kind][name or "forward"] = None
    return layers


def _inlined(module: Any) -> Iterator[Any]:
    """A copy of the graph of each method, calls of other methods inlined."""
    import torch

    for graph in graphs_of(module):
        torch._C._jit_pass_inline(copy := graph.copy())
        yield copy


def graphs_of(module: Any) -> Iterator[Any]:
    """The graph of each method, itself and not a copy."""
    for name in module._c._method_names():
        yield module._c._get_method(name).graph


def nodes_of(graph: Any) -> Iterator[Any]:
    """All operators in it, also in branches and loops. Nodes must not be taken away meanwhile."""
    # Blocks are views into the graph, which must outlive them: the caller holds it.
    pending = [graph]
    while pending:
        for node in pending.pop().nodes():
            if not node.kind().startswith(SYNTAX):
                yield node
            pending.extend(node.blocks())


def call_of(node: Any) -> Call | None:
    """None for what has no schema: calls of other methods."""
    import torch

    text = node.schema()
    if text == "(no schema)":
        return None
    schema = torch._C.parse_schema(text)
    arguments = [
        Given(
            _type_text(str(value.type())),
            is_none=str(value.type()) == "NoneType",
            is_true=value.node().kind() == "prim::Constant" and value.toIValue() is True,
            keyword=argument.name if argument.kwarg_only else None,
        )
        for value, argument in zip(node.inputs(), schema.arguments, strict=False)
    ]
    return Call(node.kind(), schema.overload_name, tuple(_without_defaults(arguments, node, schema)))


def _without_defaults(arguments: list[Given], node: Any, schema: Any) -> Iterator[Given]:
    """A file leaves out the arguments at the end that are the defaults (CalculateNecessaryArgs)."""
    defaults = [_is_default(value, argument) for value, argument in zip(node.inputs(), schema.arguments, strict=False)]
    needed = max((index for index, is_default in enumerate(defaults) if not is_default), default=-1)
    for index, argument in enumerate(arguments):
        yield argument if index <= needed else Given(is_default=True, keyword=argument.keyword)


def _is_default(value: Any, argument: Any) -> bool:
    if not argument.has_default_value():
        return False
    node = value.node()
    if node.kind() == "prim::Constant":
        return bool(value.toIValue() == argument.default_value)
    items = list(node.inputs()) if node.kind() == "prim::ListConstruct" else [value]
    if any(item.node().kind() != "prim::Constant" for item in items):
        return False
    return bool([item.toIValue() for item in items] == argument.default_value)


def _type_text(text: str) -> str:
    """`Optional[List[int]]` as schemas write it: `int[]?`."""
    if text.startswith("Optional["):
        return _type_text(text[9:-1]) + "?"
    if text.startswith("List["):
        return _type_text(text[5:-1]) + "[]"
    return "Scalar" if text == "number" else text
