"""How often the latency verdict is wrong, and what it finds: a benchmark of the benchmark.

    .venv/bin/python -m benchmarks.latency_calibration record   # half an hour of raw samples, into build/latency
    .venv/bin/python -m benchmarks.latency_calibration live     # whole measurements, as a run makes them
    .venv/bin/python -m benchmarks.latency_calibration report   # replays them, writes docs/latency.md's tables and plot

With `--format executorch` the same of .pte files, on Android's ExecuTorch runtime instead of the lite one's .ptl.
Leave the machine alone meanwhile. `record` takes fresh loads of every pair, first quiet, then beside a process that
keeps one core busy; `report` (latency_replay.py) replays the sequential procedure of pocketfit.trial.timing on loads
drawn from these, 1,000 times for each pair, and holds the whole measurements of `live` against that.
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
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.latency_models import MODELS, SLOWDOWNS_PERCENT, SLOWED, Pair, export, plain, slowed
from benchmarks.latency_replay import BUDGET_S, FOLDERS, LIVE_FILE, Stream, report
from pocketfit.devices.base import Running
from pocketfit.devices.jvm import JvmDevice
from pocketfit.formats import FORMATS
from pocketfit.judge import latency
from pocketfit.records import DeviceSpec, Load
from pocketfit.runtimes.library import find_android
from pocketfit.trial.timing import ROUNDS, Effort, OneByOne, Place, time_pair

LOADS = 44
LIVE = 25
SHARE_MS = int(1000 * BUDGET_S / latency.fewest_loads(1) / 3)
UNIT_LAYERS = 200
CONDITIONS = ("quiet", "busy")


def jvm() -> contextlib.AbstractContextManager[Running]:
    return JvmDevice(DeviceSpec(), find_android()).up()


def pairs(folder: Path, device: Running, format: str) -> list[Pair]:
    suffix = FORMATS[format].suffix
    made = []
    for name in MODELS:
        base, head = (export(plain(name), folder / f"{name}-{side}{suffix}") for side in ("a", "b"))
        made.append(Pair(name, 0, base, head))
    base = next(pair.base for pair in made if pair.name == SLOWED)
    much = export(slowed(plain(SLOWED), UNIT_LAYERS), folder / f"unit{suffix}")
    times = [device.time_load(base, much, seed=seed, rounds=20, budget_ms=2000) for seed in range(6)]
    per_layer = median(math.exp(latency.log_ratio(load)) - 1 for load in times if isinstance(load, Load)) / UNIT_LAYERS
    for percent in SLOWDOWNS_PERCENT:
        layers = max(1, round(percent / 100 / per_layer))
        head = export(slowed(plain(SLOWED), layers), folder / f"slower-{percent}{suffix}")
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


def record(format: str) -> None:
    (folder := FOLDERS[format]).mkdir(parents=True, exist_ok=True)
    with jvm() as device, tempfile.TemporaryDirectory() as name:
        made = pairs(Path(name), device, format)
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
                path = folder / f"{condition}-{pair.name}-{pair.slowdown_percent}.json"
                path.write_text(json.dumps(dataclasses.asdict(stream)))


def live(format: str, times: int) -> None:
    """Whole measurements, so many of each pair in each condition; appended to live.jsonl as they come."""
    (folder := FOLDERS[format]).mkdir(parents=True, exist_ok=True)
    with jvm() as device, tempfile.TemporaryDirectory() as name, (folder / LIVE_FILE).open("a") as file:
        both = (pair for pair in pairs(Path(name), device, format) if pair.name == SLOWED)
        made = [pair for pair in both if pair.slowdown_percent in (0, 5)]
        for condition in CONDITIONS:
            with neighbour(condition):
                for _ in range(times):
                    for pair in made:
                        began = time.monotonic()
                        # Not the seeds of an earlier call, whose lines stay.
                        seed = random.randrange(2**30)
                        done = time_pair(
                            OneByOne(device), Place.of(device.info), pair.base, pair.head, seed, Effort(BUDGET_S)
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


if __name__ == "__main__":
    steps: dict[str, Callable[[str, int], None]] = {
        "record": lambda format, _: record(format),
        "live": live,
        "report": lambda format, _: report(format),
    }
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("step", choices=steps)
    options.add_argument("--format", choices=FOLDERS, default="lite")
    options.add_argument("--times", type=int, default=LIVE, help=f"of live, measurements of each kind ({LIVE})")
    given = options.parse_args()
    steps[given.step](given.format, given.times)
