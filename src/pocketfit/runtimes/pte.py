"""Reads from an ExecuTorch program what it needs of a runtime. Nothing in it is run.

The fields are those of executorch/schema/program.fbs, which only ever grows at the end of a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketfit.runtimes.flatbuffer import Broken, Flatbuffer, Table
from pocketfit.runtimes.schema import Overload

IDENTIFIER = re.compile(rb"ET[0-9]{2}")
EXECUTION_PLANS = 1
NAME, INPUTS, OPERATORS, DELEGATES = 0, 3, 6, 7
OPERATOR_NAME, OPERATOR_OVERLOAD, DELEGATE_ID = 0, 1, 0


@dataclass(frozen=True)
class Program:
    """A method of a program: `identifier` is the schema's, as `ET12`, and `inputs` is how many it takes.

    `kernels` are those that it calls, as `aten::mean.out`, and `backends` those that run the rest of it.
    """

    identifier: str
    inputs: int
    kernels: tuple[str, ...]
    backends: tuple[str, ...]


def read_program(path: Path, method: str = "forward") -> Program:
    """Raises ValueError with a reason for what is no such program, OSError where it can't be read."""
    with path.open("rb") as file:
        buffer = Flatbuffer(file)
        if not IDENTIFIER.fullmatch(buffer.identifier):
            raise Broken("it is no ExecuTorch program, which has ET and two digits at byte 4")
        plan = _plan(buffer.root(), method)
        return Program(
            buffer.identifier.decode(),
            len(plan.numbers(INPUTS, "i")),
            tuple(dict.fromkeys(_kernels(plan))),
            tuple(dict.fromkeys(each.text(DELEGATE_ID) or "" for each in plan.tables(DELEGATES))),
        )


def is_program(path: Path) -> bool:
    """Say whether a file begins as an ExecuTorch program does, of whatever version; raises OSError."""
    with path.open("rb") as file:
        return IDENTIFIER.fullmatch(Flatbuffer(file).identifier) is not None


def _plan(root: Table, method: str) -> Table:
    plans = root.tables(EXECUTION_PLANS)
    names = [plan.text(NAME) or "" for plan in plans]
    if method not in names:
        raise Broken(f"it has no method {method}" + (f", but {', '.join(names[:5])}" if names else ""))
    return plans[names.index(method)]


def _kernels(plan: Table) -> Iterator[str]:
    for operator in plan.tables(OPERATORS):
        yield Overload(operator.text(OPERATOR_NAME) or "", operator.text(OPERATOR_OVERLOAD) or "").full_name
