"""What bubblewrap adds to the start of a program: CPU milliseconds of `true` with it and without, in turns.

`python -m benchmarks.bubblewrap_cost [PAIRS]`, as an ordinary user for whom bwrap works.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from pocketfit.sandbox import bubblewrap_probe
from pocketfit.sandbox.order import ResourceLimits, Walls
from pocketfit.sandbox.paths import of_interpreter, of_system
from pocketfit.supervised import finish_supervised


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    before_ms = cpu_ms()
    bwrap = bubblewrap_probe.found()
    print(f"probe: {cpu_ms() - before_ms:.0f} ms")
    if not bwrap:
        sys.exit(bubblewrap_probe.problem() or "root needs no bubblewrap: run this as an ordinary user")
    with tempfile.TemporaryDirectory() as folder:
        taken = [(start_ms(Path(folder), ""), start_ms(Path(folder), bwrap)) for _ in range(pairs)]
    without_ms, with_ms = (statistics.median(each) for each in zip(*taken, strict=True))
    print(f"true: {without_ms:.0f} ms without bubblewrap, {with_ms:.0f} ms with it (medians of {pairs})")


def start_ms(folder: Path, bwrap: str) -> float:
    """The CPU time of one program with all that holds it."""
    before_ms = cpu_ms()
    with patch.object(bubblewrap_probe, "found", lambda: bwrap):
        finish_supervised(
            ["true"],
            timeout=60,
            limits=ResourceLimits(),
            walls=Walls((*of_system(), *of_interpreter()), (), (str(folder),)),
            cwd=folder,
            env={"PATH": os.defpath},
        )
    return cpu_ms() - before_ms


def cpu_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


if __name__ == "__main__":
    main()
