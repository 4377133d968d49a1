"""Ours against the plainest script that does the same work, in turn: processor time of the whole tree, and wall time.

`python -m benchmarks.bench [ROUNDS]` (`make bench`) runs both over the sample's four variants, base and head, and fails
where the median of ours is beyond the aim; `--report` only says so. Neither times a model. `python -m benchmarks.bench
--ours` is our run without that.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tools import demo

ROUNDS, SHORT = 5, 1
# Ours over the plain script's, in processor time.
AIMS = {"cold": 1.25}
# As often as it takes for a number that a clock of a hundredth of a second can hold.
STARTS = 20
HELP_AIM = 10.0


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    wall_s: float


def main() -> int:
    if sys.argv[1:] == ["--ours"]:
        return run_without_timing()
    report_only = "--report" in sys.argv
    rounds = next((int(word) for word in sys.argv[1:] if word.isdigit()), SHORT if report_only else ROUNDS)
    demo.build_repository()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        base = Path(name, "base")
        demo.git("worktree", "add", "-q", "--detach", str(base), "main")
        ours = [sys.executable, "-m", "benchmarks.bench", "--ours"]
        plain = [sys.executable, "-m", "benchmarks.plain", str(base), str(demo.DEMO)]
        costs: dict[str, list[Cost]] = {"plain": [], "cold": []}
        # Once unmeasured: the first reads torch from the disk.
        cost_of(plain)
        for number in range(rounds):
            # In turn, since a machine is slower at some times than at others.
            for what, words in sorted({"plain": plain, "cold": ours}.items(), reverse=bool(number % 2)):
                costs[what].append(cost_of(words))
                print(f"{what}: {costs[what][-1].cpu_s:.1f} s of processor, {costs[what][-1].wall_s:.1f} s", flush=True)
    beyond = [*said(costs), *said_of_help()]
    for line in beyond:
        print(line)
    demo.git("worktree", "prune")
    return 1 if beyond and not report_only else 0


def said(costs: dict[str, list[Cost]]) -> list[str]:
    """Print the table, and return what is beyond the aims."""
    print(f"\n{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("\n| run | processor, median | over plain | aim | wall, median |\n| :-- | --: | --: | --: | --: |")
    plain_s = median(cost.cpu_s for cost in costs["plain"])
    beyond = []
    for what, each in costs.items():
        cpu_s, wall_s = median(cost.cpu_s for cost in each), median(cost.wall_s for cost in each)
        aim = f"{AIMS[what]:.2f}" if what in AIMS else ""
        print(f"| {what} | {cpu_s:.1f} s | {cpu_s / plain_s:.2f} | {aim} | {wall_s:.1f} s |")
        if what in AIMS and cpu_s > AIMS[what] * plain_s:
            beyond.append(f"{what} is beyond its aim: {cpu_s / plain_s:.2f} times the plain script's, at most {aim}")
    return beyond


def said_of_help() -> list[str]:
    """The same for `pocketfit --help`, beside a Python that does nothing."""
    nothing, help_ = (
        median(cost_of([sys.executable, *words]).cpu_s for _ in range(STARTS))
        for words in (["-c", "pass"], ["-m", "pocketfit", "--help"])
    )
    print(f"\n`python -c pass` {nothing * 1000:.0f} ms, `pocketfit --help` {help_ * 1000:.0f} ms of processor")
    return (
        [] if help_ <= HELP_AIM * nothing else [f"--help takes more than {HELP_AIM:g} times a Python that does nothing"]
    )


def cost_of(words: Sequence[str]) -> Cost:
    """The cost of a program with all that it waited for; raises CalledProcessError where it fails."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu_s, time.monotonic() - began)


def run_without_timing() -> int:
    """`pocketfit run` on the sample, without the part that times changed pairs."""
    from pocketfit.cli import main as pocketfit
    from pocketfit.trial import trial

    trial._is_to_be_timed = lambda row, pair: False
    os.chdir(demo.DEMO)
    sys.argv = ["pocketfit", "run", "--base", "main", "--device", "jvm", "--out", tempfile.mkdtemp(prefix="bench-out-")]
    pocketfit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
