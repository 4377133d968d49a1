"""What recorded loads say of our verdict, and of two common rules: the tables and the plot of docs/latency.md."""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.latency_plot import Line, Point, draw
from pocketfit.files import write_text_atomically
from pocketfit.judge import latency
from pocketfit.records import Load, Timing
from tools.documents import write_between

ROOT = Path(__file__).parents[1]
FOLDERS = {"lite": ROOT / "build" / "latency", "executorch": ROOT / "build" / "latency" / "executorch"}
LIVE_FILE = "live.jsonl"
PAGE = ROOT / "docs" / "latency.md"
PLOTS = {"lite": PAGE.with_name("latency.svg"), "executorch": PAGE.with_name("latency-executorch.svg")}
# Each format's tables stand between the two marks that name it.
BEGIN, END = "<!-- calibration of {}: written by the benchmark -->", "<!-- end of calibration of {} -->"
TRIALS = 1000
BUDGET_S = 30.0
LONG_BUDGET_S = 60.0
VERDICTS = ("slower", "faster", "same", "unclear")


@dataclass(frozen=True)
class Stream:
    """Fresh loads of one pair in the order that they were taken, and the seconds that each took."""

    condition: str
    model: str
    slowdown_percent: int
    loads: tuple[Load, ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class Replayed:
    stream: Stream
    method: str
    verdicts: tuple[str, ...]

    def count(self, word: str) -> int:
        return self.verdicts.count(word)


def _load(fields: dict[str, Any]) -> Load:
    values: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in fields.items()}
    return Load(**values)


def streams(folder: Path) -> list[Stream]:
    """As recorded: quiet first, and the larger slowdown later."""
    found = []
    for path in folder.glob("*.json"):
        raw = json.loads(path.read_text())
        loads = tuple(map(_load, raw["loads"]))
        found.append(Stream(raw["condition"], raw["model"], raw["slowdown_percent"], loads, tuple(raw["seconds"])))
    return sorted(found, key=lambda one: (one.condition != "quiet", one.slowdown_percent, one.model))


def replay(stream: Stream, random_: random.Random, budget_s: float) -> str:
    """The verdict of a measurement that meets these loads in a random order, within the budget."""
    ratios = ratios_of(stream)
    order = random_.sample(range(len(ratios)), latency.looks(1)[-1])
    spent_s, loads = 0.0, list[Load]()
    for place in order:
        if loads and spent_s * (1 + 1 / len(loads)) > budget_s:
            break
        loads.append(ratios[place])
        spent_s += stream.seconds[place]
        if len(loads) in latency.looks(1) and latency.is_clear(Timing(tuple(loads)), None):
            break
    return latency.judge(Timing(tuple(loads)), identical=False).verdict


@cache
def ratios_of(stream: Stream) -> tuple[Load, ...]:
    """Loads of one round with the ratio of all, which is what a verdict is made of."""
    return tuple(Load((1.0, 1.0), (ratio := math.exp(latency.log_ratio(load)), ratio)) for load in stream.loads)


def two_means(stream: Stream, random_: random.Random) -> str:
    """What is done most: base in one run, head in the next, and their means compared."""
    one, other = _back_to_back(stream, random_)
    return _beyond(mean(other.head_ms) / mean(one.base_ms), 1 + latency.THRESHOLD)


def five_percent(stream: Stream, random_: random.Random) -> str:
    """ExecuTorch's dashboard: an alarm beyond 5 % of the median."""
    one, other = _back_to_back(stream, random_)
    return _beyond(median(other.head_ms) / median(one.base_ms), 1.05)


def _back_to_back(stream: Stream, random_: random.Random) -> tuple[Load, Load]:
    """Two loads that were taken one after the other: some 15 s apart, since the other pairs had their turn between."""
    place = random_.randrange(len(stream.loads) - 1)
    return stream.loads[place], stream.loads[place + 1]


def _beyond(ratio: float, edge: float) -> str:
    return "slower" if ratio > edge else "faster" if ratio < 1 / edge else "same"


OURS = f"Pocketfit, {BUDGET_S:g} s"
METHODS: dict[str, Callable[[Stream, random.Random], str]] = {
    OURS: partial(replay, budget_s=BUDGET_S),
    f"Pocketfit, {LONG_BUDGET_S:g} s": partial(replay, budget_s=LONG_BUDGET_S),
    "two means, 2 %": two_means,
    "5 % of the median": five_percent,
}


def replay_all(recorded: Sequence[Stream]) -> list[Replayed]:
    found = []
    for stream in recorded:
        for name, method in METHODS.items():
            random_ = random.Random(0)
            found.append(Replayed(stream, name, tuple(method(stream, random_) for _ in range(TRIALS))))
            print(f"{stream.condition} {stream.model} {stream.slowdown_percent} % {name}", file=sys.stderr, flush=True)
    return found


def report(format: str) -> None:
    """Into the page between the format's two marks, and beside it the plot."""
    folder, plot, begin, end = FOLDERS[format], PLOTS[format], BEGIN.format(format), END.format(format)
    recorded = streams(folder)
    replayed = replay_all(recorded)
    minutes = sum(sum(stream.seconds) for stream in recorded) / 60
    lines = [f"{minutes:.0f} minutes of raw samples, {TRIALS:,} trials for each line.", ""]
    lines += [*rates_table(replayed), "", f"![share of trials that say slower]({plot.name})", ""]
    lines += live_table(replayed, folder / LIVE_FILE)
    write_between(PAGE, begin, end, "\n".join(lines))
    write_text_atomically(plot, draw(plot_lines(replayed)))
    print(f"wrote {PAGE.relative_to(ROOT)} and {plot.relative_to(ROOT)}", file=sys.stderr)


def rates_table(replayed: Sequence[Replayed]) -> list[str]:
    lines = [
        f"| neighbour | model | meant to be slower by | true ratio (99 %) | rule | {' | '.join(VERDICTS)} |",
        f"| :-- | :-- | --: | :-- | :-- |{' --: |' * len(VERDICTS)}",
    ]
    for one in replayed:
        low, high = _true_ratio(one.stream)
        shares = " | ".join(_share(one.count(word), len(one.verdicts)) for word in VERDICTS)
        made = _made(one.stream.slowdown_percent)
        where = f"{one.stream.condition} | {one.stream.model} | {made} | {low:.3f} to {high:.3f}"
        lines.append(f"| {where} | {one.method} | {shares} |")
    return lines


def live_table(replayed: Sequence[Replayed], path: Path) -> list[str]:
    """Whole measurements beside the replay of the like pair: do they raise the alarm alike?"""
    from scipy.stats import fisher_exact

    measured = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    lines = [
        f"| neighbour | meant to be slower by | whole measurements | {' | '.join(VERDICTS)} | slower, replayed | "
        "differ by chance (p) | seconds, median |",
        f"| :-- | --: | --: |{' --: |' * len(VERDICTS)} --: | --: | --: |",
    ]

    def key(said: dict[str, Any]) -> tuple[bool, int]:
        return said["condition"] != "quiet", said["slowdown_percent"]

    for _, group in groupby(sorted(measured, key=key), key):
        some = list(group)
        condition, model, percent = (some[0][name] for name in ("condition", "model", "slowdown_percent"))
        like = next(
            one
            for one in replayed
            if one.method == OURS
            and (one.stream.condition, one.stream.model, one.stream.slowdown_percent) == (condition, model, percent)
        )
        counts = {word: sum(said["verdict"] == word for said in some) for word in VERDICTS}
        slower, replays = counts["slower"], like.count("slower")
        table = [[slower, len(some) - slower], [replays, TRIALS - replays]]
        found = " | ".join(str(count) for count in counts.values())
        seconds = median(said["seconds"] for said in some)
        lines.append(
            f"| {condition} | {_made(percent)} | {len(some)} | {found} | {100 * replays / TRIALS:.1f} % | "
            f"{fisher_exact(table).pvalue:.2f} | {seconds:.0f} |"
        )
    return lines if measured else []


def _made(slowdown_percent: int) -> str:
    return f"{slowdown_percent} %" if slowdown_percent else "nothing"


def plot_lines(replayed: Sequence[Replayed]) -> list[Line]:
    """How often each rule says slower, by how much slower the pair was made; of the pair that was made slower."""
    model = next(one.stream.model for one in replayed if one.stream.slowdown_percent)
    return [
        Line(
            condition,
            method,
            tuple(
                Point(f"{one.stream.slowdown_percent} %", *_bounds(one.count("slower"), len(one.verdicts)))
                for one in replayed
                if (one.stream.condition, one.method, one.stream.model) == (condition, method, model)
            ),
        )
        for condition in dict.fromkeys(one.stream.condition for one in replayed)
        for method in METHODS
    ]


def _true_ratio(stream: Stream) -> tuple[float, float]:
    """Of all loads together: the long run."""
    low, high, _ = latency.interval([latency.log_ratio(load) for load in stream.loads], 1)
    return math.exp(low), math.exp(high)


def _share(count: int, trials: int) -> str:
    share, low, high = _bounds(count, trials)
    return f"{share:.1f} ({low:.1f} to {high:.1f})"


def _bounds(count: int, trials: int) -> tuple[float, float, float]:
    """In percent, with the exact 95 % interval of Clopper and Pearson."""
    from scipy.stats import binomtest

    bounds = binomtest(count, trials).proportion_ci(0.95)
    return 100 * count / trials, 100 * bounds.low, 100 * bounds.high
