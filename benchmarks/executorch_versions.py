"""Holds what is predicted of older ExecuTorchs against what they do with the models of docs/support.md.

    make android OLDER=1
    .venv/bin/python -m benchmarks.executorch_versions [MODEL...]

Each model is built once as a .pte, looked at, and run on every version in a JVM, by Pocketfit's own line. What came of
it is kept in build/versions until it is deleted, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pocketfit.builds.git import NO_BASE
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.sides import Request, read_head
from pocketfit.config import read_config
from pocketfit.devices.base import DeviceOptions
from pocketfit.devices.choose import choose_device
from pocketfit.pipeline import run
from pocketfit.records import Built, Config, DeviceSpec, ModelSpec, Outcome, Row, RunsOn
from pocketfit.runtimes.library import find_android
from pocketfit.runtimes.versions import VERSIONS
from pocketfit.staging import staged
from pocketfit.store import read_report, read_snapshot, write_report, write_snapshot
from tools.support import MODELS

KEPT = Path(__file__).resolve().parent.parent / "build" / "versions"
TIMEOUT_S = 600.0
DEVICE = DeviceSpec("jvm", latency_budget_s=0.1, runtimes=tuple(VERSIONS))


@dataclass(frozen=True)
class Held:
    """What is predicted of one file, and what was seen, by version; nothing of either where there is no file."""

    name: str
    predicted: Mapping[str, RunsOn]
    seen: Mapping[str, RunsOn]
    problem: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    options = parser.parse_args()
    if missing := [version for version in list(VERSIONS)[:-1] if version not in find_android().older]:
        sys.exit(f"ExecuTorch {' and '.join(missing)} is not built: make android OLDER=1")
    specs = [
        replace(spec, formats=("executorch",))
        for spec in read_config(MODELS / "pocketfit.toml").models
        if not options.models or spec.name in options.models
    ]
    held = []
    for spec in specs:
        held.append(hold(spec))
        print(line(held[-1]), flush=True)
    print("\n".join(summary(held)))
    return 1 if any(outcome in ("false fine", "false alarm") for one in held for outcome in outcomes(one)) else 0


def hold(spec: ModelSpec) -> Held:
    """The prediction and the truth of one model: kept from before, or built and run now."""
    name = f"{spec.name} {spec.precisions[0]}"
    kept = KEPT / name.replace(" ", "-")
    if not (kept / "report.json").is_file():
        _run(spec, kept)
    (outcome,) = read_snapshot(kept / "head.json").outcomes
    (row,) = read_report(kept / "report.json").rows
    return _held(name, outcome, row)


def _run(spec: ModelSpec, kept: Path) -> None:
    choice = choose_device(DEVICE, None, DeviceOptions(find_android()))
    with tempfile.TemporaryDirectory(prefix="pocketfit-versions-") as folder:
        root = Path(folder) / "repository"
        shutil.copytree(MODELS, root, ignore=shutil.ignore_patterns("__pycache__"))
        head = read_head(Request(root, base=NO_BASE, single=Config((spec,), DEVICE)))
        with staged(Path(folder) / "out") as staging:
            report = run(head, choice, staging, Sandbox(timeout_s=TIMEOUT_S))
            snapshot = read_snapshot(staging.out.snapshot("head"))
        kept.mkdir(parents=True, exist_ok=True)
        write_snapshot(kept / "head.json", snapshot)
        write_report(kept / "report.json", report)


def _held(name: str, outcome: Outcome, row: Row) -> Held:
    if not isinstance(outcome, Built):
        return Held(name, {}, {}, outcome.reason)
    return Held(name, outcome.runs_on, {key: one for key, one in row.runs_on.items() if one.known_by == "run"})


def outcomes(held: Held) -> Iterator[str]:
    """Say of each version whether the prediction was right, and how it was wrong."""
    for version, predicted in held.predicted.items():
        seen = held.seen.get(version)
        if seen is None:
            yield "not run"
        elif predicted.status == "runs":
            yield "right" if seen.status == "runs" else "false fine"
        else:
            yield "right" if seen.status == "refused" else "false alarm"


def line(held: Held) -> str:
    """One row of the table."""
    if held.problem:
        return f"| {held.name} | not built: {held.problem[:120]} | |"
    cells = (_cell(held.predicted[version], held.seen.get(version)) for version in VERSIONS)
    return f"| {held.name} | {' | '.join(cells)} |"


def _cell(predicted: RunsOn, seen: RunsOn | None) -> str:
    if seen is None:
        return f"{predicted.status} (predicted), not run"
    if seen.status == "runs":
        said = "runs" if seen.sqnr_db is None else f"runs, {seen.sqnr_db:.0f} dB"
    else:
        said = f"{seen.status}: {', '.join(seen.lacks) or seen.reason}"
    return said if predicted.status == seen.status else f"{said} (**predicted: {predicted.status}**)"


def summary(held: Iterable[Held]) -> Iterator[str]:
    """Count what was held against what."""
    files = [one for one in held if not one.problem]
    counts = Counter(outcome for one in files for outcome in outcomes(one))
    yield f"{len(files)} files, {sum(counts.values())} predictions: " + ", ".join(
        f"{count} {word}" for word, count in counts.items()
    )


if __name__ == "__main__":
    sys.exit(main())
