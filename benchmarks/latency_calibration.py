"""How often the latency verdict is wrong, and what it finds: a benchmark of the benchmark.

    .venv/bin/python -m benchmarks.latency_calibration record   # 30 minutes of raw samples, into build/latency
    .venv/bin/python -m benchmarks.latency_calibration live     # whole measurements, as a run makes them
    .venv/bin/python -m benchmarks.latency_calibration report   # replays them, prints the table of docs/latency.md

Leave the machine alone meanwhile. `record` takes fresh loads of every pair, first quiet, then beside a process that
keeps one core busy; `report` replays the sequential procedure of pocketfit.timing on loads drawn from these, 1,000
times for each pair.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from benchmarks.latency_models import MODELS, SLOWDOWNS_PERCENT, SLOWED, Pair, export, plain, slowed
from pocketfit import latency
from pocketfit.devices.jvm import JvmDevice
from pocketfit.records import DeviceSpec, Load, Timing
from pocketfit.timing import ROUNDS, Place, Plan, time_pair

FOLDER = Path(__file__).parents[1] / "build" / "latency"
LOADS = 60
TRIALS = 1000
LIVE = 50
BUDGET_S = 30.0
SHARE_MS = int(1000 * BUDGET_S / latency.fewest_loads(1) / 3)
UNIT_LAYERS = 200
CONDITIONS = ("quiet", "busy")


@dataclass(frozen=True)
class Stream:
    """Fresh loads of one pair in the order that they were taken, and the seconds that each took."""

    condition: str
    model: str
    slowdown_percent: int
    loads: tuple[Load, ...]
    seconds: tuple[float, ...]


def pairs(folder: Path, device: JvmDevice) -> list[Pair]:
    made = []
    for name in MODELS:
        base, head = (export(plain(name), folder / f"{name}-{side}.ptl") for side in ("a", "b"))
        made.append(Pair(name, 0, base, head))
    base = next(pair.base for pair in made if pair.name == SLOWED)
    much = export(slowed(plain(SLOWED), UNIT_LAYERS), folder / "unit.ptl")
    times = [device.time_load(base, much, seed=seed, rounds=20, budget_ms=2000) for seed in range(6)]
    per_layer = median(math.exp(latency.log_ratio(load)) - 1 for load in times if isinstance(load, Load)) / UNIT_LAYERS
    for percent in SLOWDOWNS_PERCENT:
        layers = max(1, round(percent / 100 / per_layer))
        head = export(slowed(plain(SLOWED), layers), folder / f"slower-{percent}.ptl")
        made.append(Pair(SLOWED, percent, base, head))
    return made


@contextlib.contextmanager
def neighbour(condition: str) -> Iterator[None]:
    """With "busy", a process that computes without end, in memory as well: what a runner's neighbours do."""
    if condition == "quiet":
        yield
        return
    work = "import numpy as np\na = np.random.rand(1500, 1500)\nwhile True: a = a @ a; a /= a.max()"
    process = subprocess.Popen([sys.executable, "-c", work], env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    try:
        yield
    finally:
        process.kill()
        process.wait()


def record() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    device = JvmDevice(DeviceSpec())
    with tempfile.TemporaryDirectory() as name:
        made = pairs(Path(name), device)
        for condition in CONDITIONS:
            with neighbour(condition):
                taken: list[list[tuple[Load, float]]] = [[] for _ in made]
                # In turn, so that a slow quarter of an hour touches all pairs alike.
                for number in range(LOADS):
                    for pair, loads in zip(made, taken, strict=True):
                        began = time.monotonic()
                        load = device.time_load(pair.base, pair.head, seed=number, rounds=ROUNDS, budget_ms=SHARE_MS)
                        if isinstance(load, str):
                            raise SystemExit(load)
                        loads.append((load, time.monotonic() - began))
                    print(f"{condition}: {number + 1} of {LOADS} loads of each pair", file=sys.stderr, flush=True)
            for pair, loads in zip(made, taken, strict=True):
                stream = Stream(
                    condition,
                    pair.name,
                    pair.slowdown_percent,
                    tuple(load for load, _ in loads),
                    tuple(seconds for _, seconds in loads),
                )
                path = FOLDER / f"{condition}-{pair.name}-{pair.slowdown_percent}.json"
                path.write_text(json.dumps(dataclasses.asdict(stream)))


def live() -> None:
    """Whole measurements; of each kind as many as LIVE, appended to live.jsonl as they come."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    device = JvmDevice(DeviceSpec())
    with tempfile.TemporaryDirectory() as name, (FOLDER / "live.jsonl").open("a") as file:
        made = [pair for pair in pairs(Path(name), device) if pair.name == SLOWED and pair.slowdown_percent in (0, 5)]
        for condition in CONDITIONS:
            with neighbour(condition):
                for number in range(LIVE):
                    for pair in made:
                        began = time.monotonic()
                        done = time_pair(
                            device, Place.of(device.info()), pair.base, pair.head, 1000 * number, Plan(BUDGET_S)
                        )
                        said = {
                            "condition": condition,
                            "model": pair.name,
                            "slowdown_percent": pair.slowdown_percent,
                            "verdict": latency.judge(done, identical=False).verdict,
                            "loads": len(done.loads),
                            "seconds": time.monotonic() - began,
                        }
                        print(json.dumps(said), file=file, flush=True)


def streams() -> list[Stream]:
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        raw = json.loads(path.read_text())
        loads = tuple(
            Load(**{key: tuple(value) if isinstance(value, list) else value for key, value in load.items()})
            for load in raw["loads"]
        )
        found.append(Stream(raw["condition"], raw["model"], raw["slowdown_percent"], loads, tuple(raw["seconds"])))
    return found


def replay(stream: Stream, random_: random.Random) -> str:
    """The verdict of a measurement that meets these loads in a random order, within the budget."""
    order = random_.sample(range(len(stream.loads)), latency.looks(1)[-1])
    spent_s, loads = 0.0, list[Load]()
    for place in order:
        if loads and spent_s * (1 + 1 / len(loads)) > BUDGET_S:
            break
        loads.append(stream.loads[place])
        spent_s += stream.seconds[place]
        if len(loads) in latency.looks(1) and latency.is_clear(Timing(tuple(loads)), None):
            break
    return latency.judge(Timing(tuple(loads)), identical=False).verdict


def two_means(stream: Stream, random_: random.Random) -> str:
    """What is done most: base in one run, head in the next, and their means compared."""
    one, other = random_.sample(stream.loads, 2)
    return _beyond(mean(other.head_ms) / mean(one.base_ms), 1 + latency.THRESHOLD)


def five_percent(stream: Stream, random_: random.Random) -> str:
    """ExecuTorch's dashboard: an alarm beyond 5 % of the median."""
    one, other = random_.sample(stream.loads, 2)
    return _beyond(median(other.head_ms) / median(one.base_ms), 1.05)


def _beyond(ratio: float, edge: float) -> str:
    return "slower" if ratio > edge else "faster" if ratio < 1 / edge else "same"


METHODS: dict[str, Callable[[Stream, random.Random], str]] = {
    "Pocketfit": replay,
    "two means, 2 %": two_means,
    "5 % of the median": five_percent,
}


def report() -> None:
    print("| neighbour | model | built slower by | true ratio (99 %) | method | slower | faster | same | unclear |")
    print("| :-- | :-- | --: | :-- | :-- | --: | --: | --: | --: |")
    for stream in streams():
        low, high = _true_size(stream)
        for name, method in METHODS.items():
            random_ = random.Random(0)
            verdicts = [method(stream, random_) for _ in range(TRIALS)]
            shares = " | ".join(_share(verdicts, word) for word in ("slower", "faster", "same", "unclear"))
            size = f"{stream.slowdown_percent} % | {low:.3f} to {high:.3f}"
            print(f"| {stream.condition} | {stream.model} | {size} | {name} | {shares} |", flush=True)
    total_s = sum(sum(stream.seconds) for stream in streams())
    print(f"\n{total_s / 60:.0f} minutes of raw samples.")


def _true_size(stream: Stream) -> tuple[float, float]:
    """Of all loads together: the long run."""
    low, high, _ = latency.interval([latency.log_ratio(load) for load in stream.loads], 1)
    return math.exp(low), math.exp(high)


def _share(verdicts: Sequence[str], word: str) -> str:
    """In percent, with the exact 95 % interval of Clopper and Pearson."""
    from scipy.stats import binomtest

    count = verdicts.count(word)
    bounds = binomtest(count, len(verdicts)).proportion_ci(0.95)
    return f"{100 * count / len(verdicts):.1f} ({100 * bounds.low:.1f} to {100 * bounds.high:.1f})"


if __name__ == "__main__":
    steps = {"record": record, "live": live, "report": report}
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("step", choices=steps)
    steps[options.parse_args().step]()
