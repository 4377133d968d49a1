"""Times each kind of operator of a .pte on this machine, by the event tracer that newer wheels of ExecuTorch have."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from pocketfit.exporter.described import describe
from pocketfit.exporter.executorch.etdump import TracedForward, read_etdump
from pocketfit.exporter.executorch.pairs import TRACED, installed_pair, pair_of
from pocketfit.exporter.java_types import java_inputs
from pocketfit.records import OperatorTime, OperatorTimes

if TYPE_CHECKING:
    from pocketfit.exporter.tensors import Inputs

# After a first forward, which prepares what later ones find. Our choice: shares settle within a few.
MOST_FORWARDS, BUDGET_S = 9, 2.0


def operator_times(path: Path, inputs: Inputs, enter: Callable[[str], None]) -> OperatorTimes:
    """Run the program at `path` some times on its inputs; one without a tracer to watch it has a reason instead."""
    installed = installed_pair()
    if installed is None or not (pair := pair_of(*installed)) or not pair.has_tracer:
        named = f"executorch {installed[1]}" if installed else "this executorch"
        return OperatorTimes(
            reason=f"the runtime of {named} has no event tracer; that of executorch {TRACED.executorch} has one"
        )
    executorch = installed[1]
    enter(f"timing the operators of {path.name}")
    try:
        forwards = _trace(path, inputs)
    except Exception as error:
        # It says nothing of the file, which has run already.
        return OperatorTimes(reason=f"the operators can't be timed: {describe(error)}")
    if len(forwards) < 2:
        return OperatorTimes(reason=f"the event tracer of executorch {executorch} wrote nothing")
    return summarize(forwards[1:], executorch)


def summarize(forwards: Sequence[TracedForward], executorch: str) -> OperatorTimes:
    """The medians over forwards, at least one, in milliseconds; the longest operator comes first."""
    kinds = {kind: calls for forward in forwards for kind, (calls, _) in forward.operators.items()}
    operators = [
        OperatorTime(kind, calls, _median_ms(forward.operators.get(kind, (0, 0))[1] for forward in forwards))
        for kind, calls in kinds.items()
    ]
    return OperatorTimes(
        tuple(sorted(operators, key=lambda one: (-one.ms, one.operator))),
        _median_ms(forward.total_ns for forward in forwards),
        len(forwards),
        executorch,
    )


def _median_ms(times_ns: Iterable[int]) -> float:
    return round(median(times_ns) / 1e6, 6)


def _trace(path: Path, inputs: Inputs) -> tuple[TracedForward, ...]:
    from executorch.extension.pybindings.portable_lib import _load_for_executorch

    program = _load_for_executorch(str(path), enable_etdump=True)
    given = [tuple(tensor.contiguous() for tensor in java_inputs(inputs)) for _ in range(1 + MOST_FORWARDS)]
    began = time.monotonic()
    for number, tensors in enumerate(given):
        if number > 1 and time.monotonic() - began > BUDGET_S:
            break
        program.run_method("forward", tensors)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "forward.etdump"
        program.write_etdump_result_to_file(str(written))
        return read_etdump(written) if written.exists() else ()
