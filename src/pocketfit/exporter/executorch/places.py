"""Finds where in a finished program each module of the model went to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pocketfit.exporter.executorch.delegation import graphs, is_operator
from pocketfit.runtimes.flatbuffer import Broken
from pocketfit.runtimes.places import debug_handles

# Nobody looks at a larger graph node by node, and the door lets in 20,000 items.
MOST_PLACES = 10_000


def modules_by_place(edge: Any, program: Any, depth: int) -> dict[str, str]:
    """Map a place of the file (runtimes/places.py) to the innermost module that it comes from, as `layer1.0.conv1`.

    `edge` is the lowered `ExportedProgram`, whose delegates still hold what they took, `program` what `to_executorch`
    made of it. The model stands `depth` modules deep in both. What belongs to no module of it is left out, and what is
    beyond MOST_PLACES.
    """
    by_handle: dict[int, str] = {}
    for node in _taken(edge):
        # An operator and what makes int8 of its output have one handle: the first is the operator.
        if module := _module(node, depth):
            by_handle.setdefault(node.meta.get("debug_handle"), module)
    # Emitting gave each operator that is left the number of its instruction as its handle.
    left = {
        str(node.meta.get("debug_handle")): _module(node, depth)
        for graph in graphs(program.exported_program().graph_module)
        for node in graph.nodes
        if is_operator(node)
    }
    try:
        taken = debug_handles(io.BytesIO(bytes(program.buffer)))
    except Broken:
        # It only explains: a later ExecuTorch may write what XNNPACK takes in another way.
        taken = {}
    of_xnnpack = {place: by_handle.get(handle, "") for place, handle in taken.items()}
    known = ((place, module) for place, module in (left | of_xnnpack).items() if module)
    return dict(islice(known, MOST_PLACES))


def _taken(edge: Any) -> Iterator[Any]:
    """The nodes of all delegates' graphs."""
    from executorch.exir.lowered_backend_module import LoweredBackendModule

    for module in edge.graph_module.modules():
        if isinstance(module, LoweredBackendModule):
            yield from module.original_module.graph.nodes


def _module(node: Any, depth: int) -> str:
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return ".".join(str(stack[-1][0]).split(".")[depth:]) if stack else ""
