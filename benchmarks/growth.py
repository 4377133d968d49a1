"""How a run grows with the number of its variants, and with the size of a model: a table and a plot.

    .venv/bin/python -m benchmarks.growth --out growth.json
    .venv/bin/python -m benchmarks.growth --out growth.json --plot docs/growth.svg

Each run has no base, no cache and no timing: models of two linear layers are built as .ptl and tried on device jvm.
Processor time is that of the whole tree; memory is its proportional set size (Pss, which counts shared pages once),
looked at every 50 ms, and the highest of these. What is in the file is not run again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment

from benchmarks.bench import ours
from pocketfit.files import write_text_atomically
from tools.demo import WHO

VARIANTS, SIZES_MB = (1, 5, 20, 50), (1, 10, 100, 400)
SMALL_MB = 0.1
PAUSE_S = 0.05
NET = """
import torch
from torch import nn


def net(number: int, side: int):
    torch.manual_seed(number)
    return nn.Sequential(nn.Linear(side, side), nn.ReLU(), nn.Linear(side, side))
"""
WIDTH, HEIGHT = 300, 160
TEMPLATE = Path(__file__).with_name("growth_plot.svg.jinja")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    found: dict[str, dict[str, float]] = json.loads(given.out.read_text()) if given.out.is_file() else {}
    for name, models in {
        **{f"variants {count}": [SMALL_MB] * count for count in VARIANTS},
        **{f"MB {size}": [float(size)] for size in SIZES_MB},
    }.items():
        if name not in found:
            found[name] = cost_of(models)
            write_text_atomically(given.out, json.dumps(found, indent=1))
    print("\n".join(table(found)))
    if given.plot:
        given.plot.write_text(plot(found))


def cost_of(sizes_mb: Sequence[float]) -> dict[str, float]:
    """Run models of these sizes; returns seconds of processor (`cpu_s`) and the highest memory (`peak_bytes`)."""
    with tempfile.TemporaryDirectory(prefix="growth-") as name:
        folder = Path(name)
        (folder / "net.py").write_text(NET)
        (folder / "pocketfit.toml").write_text("\n".join(map(_model, range(len(sizes_mb)), sizes_mb)))
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "models"]):
            subprocess.run(["git", *words], cwd=folder, check=True, env={**os.environ, **WHO})
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        words = ours(folder, "--base", "none", "--no-cache")
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        peak_bytes = 0
        while process.poll() is None:
            peak_bytes = max(peak_bytes, memory_bytes(process.pid))
            time.sleep(PAUSE_S)
        if process.returncode:
            raise SystemExit(f"the run of {len(sizes_mb)} models ended with exit code {process.returncode}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{len(sizes_mb)} of {sizes_mb[0]:g} MB: {cpu_s:.1f} s, {peak_bytes / 1e6:,.0f} MB", flush=True)
    return {"cpu_s": cpu_s, "peak_bytes": peak_bytes}


def _model(number: int, size_mb: float) -> str:
    side = round((size_mb * 1e6 / 8) ** 0.5)
    return (
        f'[models.m{number}]\nsource = "net.py:net"\narguments = {{ number = {number}, side = {side} }}\n'
        f'inputs = [{{ shape = [1, {side}] }}]\nformats = ["lite"]\n'
    )


def memory_bytes(root: int) -> int:
    """The proportional set size of a process and all below it; what ends meanwhile counts as nothing."""
    children = defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (status := _read(f"/proc/{entry}/stat")):
            children[int(status.rpartition(")")[2].split()[1])].append(int(entry))
    tree = [root]
    for pid in tree:
        tree += children[pid]
    lines = (line for pid in tree for line in _read(f"/proc/{pid}/smaps_rollup").splitlines())
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def table(found: Mapping[str, Mapping[str, float]]) -> list[str]:
    lines = ["| run | processor | most memory |", "| :-- | --: | --: |"]
    for name, cost in found.items():
        kind, _, number = name.partition(" ")
        what = f"{number} variant{'' if number == '1' else 's'} of {SMALL_MB:g} MB"
        shown = what if kind == "variants" else f"1 variant of {number} MB"
        lines.append(f"| {shown} | {cost['cpu_s']:.1f} s | {cost['peak_bytes'] / 1e9:.2f} GB |")
    return lines


def plot(found: Mapping[str, Mapping[str, float]]) -> str:
    """Four panels: seconds above and gigabytes below, by the number of variants and by a model's size."""
    panels = [
        _panel(found, kind, label, key, unit, scale, column, row)
        for row, (key, unit, scale) in enumerate((("cpu_s", "s of processor", 1.0), ("peak_bytes", "GB", 1e-9)))
        for column, (kind, label) in enumerate((("variants", "variants of 0.1 MB"), ("MB", "MB of one model")))
    ]
    return Environment(trim_blocks=True).from_string(TEMPLATE.read_text()).render(
        panels=panels, width=WIDTH, height=HEIGHT
    )  # fmt: skip


def _panel(
    found: Mapping[str, Mapping[str, float]],
    kind: str,
    label: str,
    key: str,
    unit: str,
    scale: float,
    column: int,
    row: int,
) -> dict[str, Any]:
    points = [
        (float(name.partition(" ")[2]), cost[key] * scale) for name, cost in found.items() if name.startswith(kind)
    ]
    most_x = 1.05 * max(x for x, _ in points)
    step = _step(max(y for _, y in points) / 4)
    most_y = 4 * step
    return {
        "left": 60 + column * (WIDTH + 80),
        "top": 20 + row * (HEIGHT + 60),
        "label": label,
        "unit": unit,
        "points": [(round(WIDTH * x / most_x, 1), round(HEIGHT * (1 - y / most_y), 1)) for x, y in points],
        "x_ticks": [
            (round(WIDTH * x / most_x, 1), f"{x:g}") for x, _ in points if x > most_x / 20 or x == points[0][0]
        ],
        "y_ticks": [(round(HEIGHT * (1 - part / 4), 1), f"{step * part:g}") for part in range(5)],
    }


def _step(least: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least)


if __name__ == "__main__":
    main()
