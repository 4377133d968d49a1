"""Kills and stops runs at seeded random moments. `python -m tests.chaos --kills 100 --stops 40`; exits with 1 on any fault."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.chaos.place import Place, make_place

# So many attempts follow each other before a whole run and a look at all that may be left.
BETWEEN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--kills", type=int, default=100, help="runs that get SIGKILL")
    parser.add_argument("--stops", type=int, default=40, help="runs that get SIGTERM or SIGINT")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        faults = strike(make_place(Path(folder)), options.kills, options.stops, options.seed)
    for fault in faults:
        print(f"FAULT: {fault}", flush=True)
    return 1 if faults else 0


def strike(place: Place, kills: int, stops: int, seed: int) -> list[str]:
    """Strike that often in a shuffled order; returns what was wrong. Prints each attempt and the counts."""
    drawn = random.Random(seed)
    numbers = [signal.SIGKILL] * kills + [(signal.SIGTERM, signal.SIGINT)[index % 2] for index in range(stops)]
    drawn.shuffle(numbers)
    whole_s = place.run_whole()
    faults = [f"the first run: {fault}" for fault in place.left_behind()]
    print(f"a whole run takes {whole_s:.1f} s", flush=True)
    counts: Counter[str] = Counter()
    ended_after_s: dict[str, list[float]] = {}
    for number, sent in enumerate(numbers, 1):
        # More of the early moments, of which most are in the making of worktrees, folders and processes.
        struck = place.strike(sent, whole_s * drawn.random() ** 2)
        counts[f"{sent.name}: {struck.what}"] += 1
        if struck.ended_after_s is not None:
            ended_after_s.setdefault(sent.name, []).append(struck.ended_after_s)
        found = list(struck.faults)
        if number % BETWEEN == 0 or number == len(numbers):
            place.run_whole()
            found += [f"the run after it: {fault}" for fault in (*place.differences(), *place.left_behind())]
            counts["whole runs afterwards"] += 1
        faults += [f"{number}, {sent.name} after {struck.after_s:.1f} s: {fault}" for fault in found]
        print(f"{number}/{len(numbers)} {sent.name} after {struck.after_s:.1f} s: {struck.what}, {len(found)} faults", flush=True)  # fmt: skip
    for name, count in sorted(counts.items()):
        print(f"{count:4} {name}")
    for name, seconds in sorted(ended_after_s.items()):
        print(f"{name}: all processes gone after {sorted(seconds)[len(seconds) // 2]:.2f} s (median), {max(seconds):.2f} s at most")  # fmt: skip
    print(f"{len(faults)} faults")
    return faults


if __name__ == "__main__":
    sys.exit(main())
