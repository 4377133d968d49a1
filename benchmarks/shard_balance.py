"""How evenly `pocketfit plan` deals variants out: a simulation, from the seconds that each took to build before.

    .venv/bin/python -m benchmarks.shard_balance [COSTS.json]

The file maps MODEL/FORMAT/PRECISION to seconds; without one it is that of `make support` (tests/data). A plan is made
of these, and then each variant takes another time than was recorded: log-normal, by 10 and by 20 %, 1,000 times. A
plan's spread is the last runner's finish over the mean of all. No plan is below what its longest variant alone takes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import mean, median, quantiles

from pocketfit.records import Variant
from pocketfit.shards.plan import plan_shards

RECORDED = Path(__file__).resolve().parent.parent / "tests/data/recorded-costs.json"
RUNNERS, DEVIATIONS, TRIALS = (5, 10, 20), (0.1, 0.2), 1000


def costs_of(path: Path) -> dict[Variant, float]:
    return {Variant(*name.split("/")): float(cost_s) for name, cost_s in json.loads(path.read_text()).items()}


def spread(finishes_s: Sequence[float]) -> float:
    """The last finish over the mean."""
    return max(finishes_s) / mean(finishes_s)


def simulated(costs_s: Mapping[Variant, float], runners: int, deviation: float, random: Random) -> list[float]:
    """The spread of each trial, where every variant takes another time than was recorded."""
    plan = plan_shards(list(costs_s), costs_s, runners)
    return [
        spread([sum(costs_s[each] * random.lognormvariate(0, deviation) for each in shard.variants) for shard in plan])
        for _ in range(TRIALS)
    ]


def table(costs_s: Mapping[Variant, float]) -> list[str]:
    """In Markdown, a line for each number of runners."""
    total_s, longest_s = sum(costs_s.values()), max(costs_s.values())
    heads = [f"by {deviation:.0%}: median, 95 %" for deviation in DEVIATIONS]
    lines = [f"| runners | no plan is below | as recorded | {' | '.join(heads)} |", "| --: " * (3 + len(heads)) + "|"]
    for runners in RUNNERS:
        plan = plan_shards(list(costs_s), costs_s, runners)
        cells = [max(1.0, longest_s / (total_s / runners)), spread([shard.estimated_s or 0.0 for shard in plan])]
        shown = [f"{cell:.2f}" for cell in cells]
        for deviation in DEVIATIONS:
            trials = simulated(costs_s, runners, deviation, Random(0))
            shown.append(f"{median(trials):.2f}, {quantiles(trials, n=20)[-1]:.2f}")
        lines.append(f"| {runners} | {' | '.join(shown)} |")
    return lines


if __name__ == "__main__":
    recorded = costs_of(Path(sys.argv[1]) if sys.argv[1:] else RECORDED)
    total_s, longest_s = sum(recorded.values()), max(recorded.values())
    print(f"{len(recorded)} variants, {total_s:,.0f} s in all, the longest {longest_s:.0f} s\n")
    print("\n".join(table(recorded)))
