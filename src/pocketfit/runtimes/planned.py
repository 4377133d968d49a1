"""Reads from an ExecuTorch program how much memory its tensors were planned into, which a runtime allocates whole.

That is every tensor that is neither a weight nor inside of a delegate: inputs, outputs, buffers that forward writes,
and what is between operators. XNNPACK allocates its own workspace beside it, which no file says.
"""

from __future__ import annotations

import re
from pathlib import Path

from pocketfit.runtimes.flatbuffer import Broken, Flatbuffer

# By executorch/schema/program.fbs, which only ever grows at the end of a table.
EXECUTION_PLAN, NAME, NON_CONST_BUFFER_SIZES = 1, 0, 8
IDENTIFIER = re.compile(rb"ET[0-9]{2}")
MANY_METHODS = 1_000
# More than a phone has, and what is added up stays below 2**63.
MOST_BYTES = 1 << 50


def planned_bytes(path: Path, method: str = "forward") -> int:
    """The bytes that the runtime allocates for the tensors of a method of a .pte; it runs none of it.

    Raises ValueError with a reason for what is no such program, OSError where it can't be read.
    """
    with path.open("rb") as file:
        buffer = Flatbuffer(file)
        if not IDENTIFIER.fullmatch(buffer.identifier):
            raise Broken("it is no ExecuTorch program, which has ET and two digits at byte 4")
        plans = buffer.root().tables(EXECUTION_PLAN)
        if len(plans) > MANY_METHODS:
            raise Broken(f"it has {len(plans):,} methods")
        plan = next((plan for plan in plans if plan.text(NAME) == method), None)
        if plan is None:
            raise Broken(f"it has no method {method}")
        # The first is reserved: runtimes skip it.
        sizes = plan.numbers(NON_CONST_BUFFER_SIZES, "q")[1:]
    if any(not 0 <= size <= MOST_BYTES for size in sizes) or sum(sizes) > MOST_BYTES:
        raise Broken(f"its planned memory of {', '.join(f'{size:,}' for size in sizes[:3])} bytes makes no sense")
    return sum(sizes)
