"""Reads from an ExecuTorch program what it needs of a runtime: kernels, backends, inputs, memory. Nothing in it is run.

The fields are those of executorch/schema/program.fbs, which only ever grows at the end of a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketfit.runtimes.flatbuffer import Broken, Flatbuffer, Table
from pocketfit.runtimes.schema import Overload
from pocketfit.runtimes.xnnpack import xnnpack_nodes

IDENTIFIER = re.compile(rb"ET[0-9]{2}")
EXECUTION_PLANS = 1
NAME, VALUES, INPUTS, OPERATORS, DELEGATES, NON_CONST_BUFFER_SIZES = 0, 2, 3, 6, 7, 8
OPERATOR_NAME, OPERATOR_OVERLOAD, DELEGATE_ID = 0, 1, 0
VALUE_TYPE, VALUE, TENSOR = 0, 1, 5
SHAPE_DYNAMISM, STATIC = 8, 0
MANY_METHODS = 1_000
# More than a phone has, and what is added up stays below 2**63.
MOST_BYTES = 1 << 50


@dataclass(frozen=True)
class Program:
    """A method of a program: `identifier` is the schema's, as `ET12`, and `inputs` is how many it takes.

    `kernels` are those that it calls, as `aten::mean.out`, and `backends` those that run the rest of it. `nodes` are
    the kinds of what XNNPACK was given, by their numbers in its schema; what can't be read of that is left out.
    """

    identifier: str
    inputs: int
    kernels: tuple[str, ...]
    backends: tuple[str, ...]
    nodes: tuple[int, ...] = ()


def read_program(path: Path, method: str = "forward") -> Program:
    """Raises ValueError with a reason for what is no such program, OSError where it can't be read."""
    with path.open("rb") as file:
        buffer = Flatbuffer(file)
        plan = method_plan(buffer, method)
        return Program(
            buffer.identifier.decode(),
            len(plan.numbers(INPUTS, "i")),
            tuple(dict.fromkeys(_kernels(plan))),
            tuple(dict.fromkeys(each.text(DELEGATE_ID) or "" for each in plan.tables(DELEGATES))),
            xnnpack_nodes(buffer, plan.tables(DELEGATES)),
        )


def planned_bytes(path: Path, method: str = "forward") -> int:
    """The bytes that a runtime allocates for the tensors of a method of a .pte before it runs.

    That is every tensor that is neither a weight nor inside of a delegate: inputs, outputs, buffers that forward
    writes, and what is between operators, each in its largest size. XNNPACK allocates its own workspace beside it,
    which no file says.

    Raises ValueError with a reason for what is no such program, OSError where it can't be read.
    """
    with path.open("rb") as file:
        # The first is reserved: runtimes skip it.
        sizes = method_plan(Flatbuffer(file), method).numbers(NON_CONST_BUFFER_SIZES, "q")[1:]
    if any(not 0 <= size <= MOST_BYTES for size in sizes) or sum(sizes) > MOST_BYTES:
        raise Broken(f"its planned memory of {', '.join(f'{size:,}' for size in sizes[:3])} bytes makes no sense")
    return sum(sizes)


def varying_inputs(path: Path, method: str = "forward") -> tuple[bool, ...]:
    """Whether each input of a method may be smaller than it was planned. Raises as planned_bytes does."""
    with path.open("rb") as file:
        plan = method_plan(Flatbuffer(file), method)
        values = plan.tables(VALUES)
        places = plan.numbers(INPUTS, "i")
        if any(not 0 <= place < len(values) for place in places):
            raise Broken("it has inputs that are none of its values")
        return tuple(_varies(values[place]) for place in places)


def _varies(value: Table) -> bool:
    tensor = value.table(VALUE) if value.number(VALUE_TYPE, "B") == TENSOR else None
    return tensor is not None and tensor.number(SHAPE_DYNAMISM, "b") != STATIC


def method_plan(buffer: Flatbuffer, method: str) -> Table:
    """The table of a method; raises Broken for what is no ExecuTorch program, or has no such method."""
    if not IDENTIFIER.fullmatch(buffer.identifier):
        raise Broken("it is no ExecuTorch program, which has ET and two digits at byte 4")
    plans = buffer.root().tables(EXECUTION_PLANS)
    if len(plans) > MANY_METHODS:
        raise Broken(f"it has {len(plans):,} methods")
    names = [plan.text(NAME) or "" for plan in plans]
    if method not in names:
        raise Broken(f"it has no method {method}" + (f", but {', '.join(names[:5])}" if names else ""))
    return plans[names.index(method)]


def _kernels(plan: Table) -> Iterator[str]:
    for operator in plan.tables(OPERATORS):
        yield Overload(operator.text(OPERATOR_NAME) or "", operator.text(OPERATOR_OVERLOAD) or "").full_name
