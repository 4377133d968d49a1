"""Reads from an ExecuTorch program where each operator of the model went to. Nothing in it is run.

A place is the number of an instruction, `3`, or of a node of what XNNPACK was given there, `3/12`: both as the file
counts them, and as programs that show its graph do.
"""

from __future__ import annotations

from typing import BinaryIO

from pocketfit.runtimes.flatbuffer import Flatbuffer, Table
from pocketfit.runtimes.pte import DELEGATES, method_plan
from pocketfit.runtimes.xnnpack import BACKEND, DELEGATE_ID, node_tables

CHAINS, INSTRUCTIONS = 5, 2
CALL_KIND, CALL, DELEGATE_CALL, DELEGATE_INDEX = 0, 1, 2, 0
DEBUG_HANDLE = 2


def debug_handles(file: BinaryIO, method: str = "forward") -> dict[str, int]:
    """The place of each node that XNNPACK was given, and the handle of the operator that it was made of.

    Raises ValueError with a reason for what is no such program.
    """
    buffer = Flatbuffer(file)
    plan = method_plan(buffer, method)
    delegates = plan.tables(DELEGATES)
    found: dict[str, int] = {}
    # A method has one chain: branches and loops are jumps in it.
    for chain in plan.tables(CHAINS)[:1]:
        for index, instruction in enumerate(chain.tables(INSTRUCTIONS)):
            delegate = _delegate(instruction, delegates)
            if delegate is not None and delegate.text(DELEGATE_ID) == BACKEND:
                for place, node in enumerate(node_tables(buffer, delegate)):
                    found[f"{index}/{place}"] = node.number(DEBUG_HANDLE, "I")
    return found


def _delegate(instruction: Table, delegates: tuple[Table, ...]) -> Table | None:
    call = instruction.table(CALL) if instruction.number(CALL_KIND, "B") == DELEGATE_CALL else None
    index = call.number(DELEGATE_INDEX, "i") if call else -1
    return delegates[index] if 0 <= index < len(delegates) else None
