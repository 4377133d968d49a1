"""Reads what an ExecuTorch program says of itself, and runs none of it: the memory that it plans, and its inputs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from pocketfit.runtimes.flatbuffer import Broken, Flatbuffer, Table

# By executorch/schema/program.fbs, which only ever grows at the end of a table.
EXECUTION_PLAN = 1
NAME, VALUES, INPUTS, NON_CONST_BUFFER_SIZES = 0, 2, 3, 8
VALUE_TYPE, VALUE, TENSOR = 0, 1, 5
SHAPE_DYNAMISM, STATIC = 8, 0
IDENTIFIER = re.compile(rb"ET[0-9]{2}")
MANY_METHODS = 1_000
# More than a phone has, and what is added up stays below 2**63.
MOST_BYTES = 1 << 50


def planned_bytes(path: Path, method: str = "forward") -> int:
    """The bytes that a runtime allocates for the tensors of a method of a .pte before it runs.

    That is every tensor that is neither a weight nor inside of a delegate: inputs, outputs, buffers that forward
    writes, and what is between operators, each in its largest size. XNNPACK allocates its own workspace beside it,
    which no file says.

    Raises ValueError with a reason for what is no such program, OSError where it can't be read.
    """
    with path.open("rb") as file:
        # The first is reserved: runtimes skip it.
        sizes = _plan(file, method).numbers(NON_CONST_BUFFER_SIZES, "q")[1:]
    if any(not 0 <= size <= MOST_BYTES for size in sizes) or sum(sizes) > MOST_BYTES:
        raise Broken(f"its planned memory of {', '.join(f'{size:,}' for size in sizes[:3])} bytes makes no sense")
    return sum(sizes)


def varying_inputs(path: Path, method: str = "forward") -> tuple[bool, ...]:
    """Whether each input of a method may be smaller than it was planned. Raises as planned_bytes does."""
    with path.open("rb") as file:
        plan = _plan(file, method)
        values = plan.tables(VALUES)
        places = plan.numbers(INPUTS, "i")
        if any(not 0 <= place < len(values) for place in places):
            raise Broken("it has inputs that are none of its values")
        return tuple(_varies(values[place]) for place in places)


def _varies(value: Table) -> bool:
    tensor = value.table(VALUE) if value.number(VALUE_TYPE, "B") == TENSOR else None
    return tensor is not None and tensor.number(SHAPE_DYNAMISM, "b") != STATIC


def _plan(file: BinaryIO, method: str) -> Table:
    buffer = Flatbuffer(file)
    if not IDENTIFIER.fullmatch(buffer.identifier):
        raise Broken("it is no ExecuTorch program, which has ET and two digits at byte 4")
    plans = buffer.root().tables(EXECUTION_PLAN)
    if len(plans) > MANY_METHODS:
        raise Broken(f"it has {len(plans):,} methods")
    plan = next((plan for plan in plans if plan.text(NAME) == method), None)
    if plan is None:
        raise Broken(f"it has no method {method}")
    return plan
