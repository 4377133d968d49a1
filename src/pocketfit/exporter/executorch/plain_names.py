"""Names of weights that ExecuTorch's passes can work with."""

from __future__ import annotations

import re
from typing import Any


def make_plain(exported: Any) -> None:
    """Rename, in place, the weights of an `ExportedProgram` whose names torch.fx would change.

    Seen with ExecuTorch 1.3.1: its FuseBatchNormPass names a new input of the graph after the weight, with `_` for `.`,
    and then looks that name up. torch.fx writes others for `block1-0.conv` (a hyphen), `größe.conv` and the second of
    `a.b_c` and `a_b.c`, and the pass dies. Submodules of torchvision's RegNets are named so.
    """
    renamed: dict[str, str] = {}
    taken: set[str] = set()
    for spec in exported.graph_signature.input_specs:
        if spec.target is None or spec.target in renamed:
            continue
        plain = name = re.sub(r"[^\w.]", "_", spec.target, flags=re.ASCII)
        number = 1
        while (flat := name.replace(".", "_")) in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(flat)
        renamed[spec.target] = name
    for spec in (*exported.graph_signature.input_specs, *exported.graph_signature.output_specs):
        spec.target = renamed.get(spec.target, spec.target)
    for values in (exported.state_dict, exported.constants):
        items = [(renamed.get(name, name), value) for name, value in values.items()]
        values.clear()
        values.update(items)
