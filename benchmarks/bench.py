"""Ours against the plainest script that does the same work, in turn: processor time of the whole tree, and wall time.

`python -m benchmarks.bench [ROUNDS]` (`make bench`) runs both over the sample's four variants, base and head, and fails
where the median of ours is beyond the aim; `--report` only says so. Ours is run without a cache (cold), with one in
which an earlier run left base (base kept), and on a change of a README alone with one in which the same run left all
(nothing changed). Neither times a model.
`python -m benchmarks.bench --ours FOLDER [OPTION...]` is our run without that.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
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
# In processor time, over that of another.
AIMS = {"cold": (1.25, "plain"), "base kept": (0.6, "cold"), "nothing changed": (0.1, "cold")}
# As often as it takes for a number that a clock of a hundredth of a second can hold.
STARTS = 20
HELP_AIM = 10.0


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    wall_s: float


def main() -> int:
    if sys.argv[1:2] == ["--ours"]:
        return run_without_timing(Path(sys.argv[2]), sys.argv[3:])
    report_only = "--report" in sys.argv
    rounds = next((int(word) for word in sys.argv[1:] if word.isdigit()), SHORT if report_only else ROUNDS)
    demo.build_repository()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        base = Path(name, "base")
        demo.git("worktree", "add", "-q", "--detach", str(base), "main")
        of_base, of_all, used, readme = (str(Path(name, one)) for one in ("of-base", "of-all", "used", "readme"))
        demo.git("worktree", "add", "-q", "--detach", readme, "main")
        Path(readme, "README.md").write_text("Models for an app.\n")
        demo.git("-C", readme, "add", "README.md")
        demo.git("-C", readme, "commit", "-qm", "Say what this is")
        runs = {
            "plain": [sys.executable, "-m", "benchmarks.plain", str(base), str(demo.DEMO)],
            "cold": ours(demo.DEMO, "--base", "main", "--no-cache"),
            "base kept": ours(demo.DEMO, "--base", "main", "--cache", used),
            "nothing changed": ours(Path(readme), "--base", "main", "--cache", of_all),
        }
        costs: dict[str, list[Cost]] = {what: [] for what in runs}
        # Once unmeasured: the first reads torch from the disk.
        cost_of(runs["plain"])
        cost_of(ours(base, "--base", "none", "--cache", of_base))
        cost_of(runs["nothing changed"])
        for number in range(rounds):
            # In turn, since a machine is slower at some times than at others.
            for what, words in sorted(runs.items(), reverse=bool(number % 2)):
                # What a run adds to it is not there for the next.
                shutil.rmtree(used, ignore_errors=True)
                shutil.copytree(of_base, used)
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
    print("\n| run | processor, median | ratio | aim | wall, median |\n| :-- | --: | --: | --: | --: |")
    cpu_s = {what: median(cost.cpu_s for cost in each) for what, each in costs.items()}
    beyond = []
    for what, each in costs.items():
        wall_s = median(cost.wall_s for cost in each)
        most, other = AIMS.get(what, (0.0, "plain"))
        ratio, aim = cpu_s[what] / cpu_s[other], f"{most:g} of {other}" if most else ""
        print(f"| {what} | {cpu_s[what]:.1f} s | {ratio:.2f} of {other} | {aim} | {wall_s:.1f} s |")
        if most and ratio > most:
            beyond.append(f"{what} is beyond its aim: {ratio:.2f}, at most {aim}")
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


def ours(folder: Path, *options: str) -> list[str]:
    """The words of our run in a folder of the sample's, with these options."""
    return [sys.executable, "-m", "benchmarks.bench", "--ours", str(folder), *options]


def run_without_timing(folder: Path, options: Sequence[str]) -> int:
    """`pocketfit run` on the sample, without the part that times changed pairs."""
    from pocketfit.cli import main as pocketfit
    from pocketfit.trial import trial

    trial._is_to_be_timed = lambda row, pair: False
    os.chdir(folder)
    with tempfile.TemporaryDirectory(prefix="bench-out-") as out:
        sys.argv = ["pocketfit", "run", *options, "--device", "jvm", "--out", out]
        pocketfit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
