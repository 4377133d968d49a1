"""Numbers of a .pte by the nodes that Model Explorer shows of it, as its own JSON for "per-node data".

Graphs and nodes have the names that its adapter for .pte files gives them (pte-adapter-model-explorer 0.2.0).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pocketfit.records import Built

METHOD = "forward"
COLOURS = [{"stop": 0, "bgColor": "#ffffff"}, {"stop": 1, "bgColor": "#ffb74d"}]
Number = int | float


def node_data(built: Built) -> dict[str, str]:
    """Make a JSON text for each number that is known of it, by a short name; none where no node's module is known.

    A node has the number of its module in the report, so that nodes of one module have the same, and a part that
    XNNPACK takes has that of all modules in it.
    """
    export = built.export
    anatomy, layers = export.anatomy, sorted(set(export.places.values()))
    modules, macs = (anatomy.modules, anatomy.macs) if anatomy else ({}, {})
    lost_db = {one.layer: round(one.lost_db, 1) for one in export.layer_losses}
    numbers: dict[str, tuple[str, Mapping[str, Number], Mapping[str, str], Callable[[Iterable[Number]], Number]]] = {
        "bytes": ("Bytes of the module", modules, _groups(layers, modules), sum),
        "macs": ("MACs of the module", macs, _groups(layers, macs), sum),
        # A loss is a layer's own, and the worst is what counts.
        "lost-db": ("SQNR that the layer loses, dB", lost_db, {one: one for one in layers if one in lost_db}, max),
    }
    return {
        name: _json(built, title, values, group_of, together)
        for name, (title, values, group_of, together) in numbers.items()
        if group_of
    }


def _groups(layers: Iterable[str], modules: Mapping[str, Number]) -> dict[str, str]:
    """Map layers to the modules of the report that they are, or are inside of."""
    found = {}
    for layer in layers:
        parts = layer.split(".")
        inside = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        if module := next((name for name in inside if name in modules), None):
            found[layer] = module
    return found


def _json(
    built: Built,
    title: str,
    values: Mapping[str, Number],
    group_of: Mapping[str, str],
    together: Callable[[Iterable[Number]], Number],
) -> str:
    graphs: dict[str, dict[str, Any]] = {}
    inside: dict[str, dict[str, None]] = {}
    for place, layer in built.export.places.items():
        if layer in group_of:
            instruction, _, node = place.partition("/")
            # The first number is the chain's: a method has one.
            call = f"{METHOD}_0_{instruction}"
            graph, key = (f"{built.file}::{call}", node) if node else (METHOD, call)
            graphs.setdefault(graph, {})[key] = {"value": values[group_of[layer]]}
            if node:
                inside.setdefault(call, {})[group_of[layer]] = None
    for call, groups in inside.items():
        graphs.setdefault(METHOD, {})[call] = {"value": together(values[group] for group in groups)}
    # What several nodes of a module have in common adds up to nothing.
    said = {"name": title, "gradient": COLOURS, "hideAggregatedStats": ["sum", "avg"]}
    data = {graph: {**said, "results": results} for graph, results in graphs.items()}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
