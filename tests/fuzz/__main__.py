"""Runs the fuzz targets for a time: `python -m tests.fuzz --cpu-minutes 10 [TARGET...]`.

Each target gets seeds from 0 up, or from --first, until it has had so much processor time; a seed that fails is named and
ends the program with exit code 1. The seeds are those of the tests: a find is `TARGET` with `seed`.
"""

from __future__ import annotations

import argparse
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from tests.fuzz import test_files, test_said

TARGETS: dict[str, Any] = {
    name.removeprefix("test_"): value
    for module in (test_said, test_files)
    for name, value in vars(module).items()
    if name.startswith("test_") and hasattr(value, "hypothesis")
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--cpu-minutes", type=float, default=10.0, help="of processor time for each target")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    failed = False
    for name in given.targets or TARGETS:
        count, problem = run(TARGETS[name].hypothesis.inner_test, given.first, 60 * given.cpu_minutes)
        print(
            f"{name}: {count:,} seeds from {given.first}{problem and f'; the last fails:{chr(10)}{problem}'}",
            flush=True,
        )
        failed |= bool(problem)
    return int(failed)


def run(target: Callable[..., None], first: int, cpu_s: float) -> tuple[int, str]:
    """Give the number of seeds that were tried, and the traceback of the one that failed."""
    began, seed = time.process_time(), first
    while time.process_time() - began < cpu_s:
        try:
            target(seed=seed)
        except Exception:
            return seed - first + 1, f"seed {seed}\n{traceback.format_exc()}"
        seed += 1
    return seed - first, ""


if __name__ == "__main__":
    raise SystemExit(main())
