"""Holds what is predicted of each version of ExecuTorch against what it does with the models of docs/support.md.

    make android OLDER=1
    .venv/bin/python -m benchmarks.executorch_versions [MODEL...] [--kept]

Each model is built once as a .pte, looked at, and run on every version in a JVM: by the code that a run uses, without
its timing. What came of it is kept in build/versions, so that an interrupted run goes on where it was; with --kept
nothing is built, and what is there is put together.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.worker import build
from pocketfit.config import read_config
from pocketfit.devices.base import Running
from pocketfit.devices.jvm import JvmDevice
from pocketfit.files import write_text_atomically
from pocketfit.records import Built, DeviceSpec, ModelSpec, Variant
from pocketfit.runtimes.library import find_android
from pocketfit.runtimes.predicted import predict, seen
from pocketfit.runtimes.versions import NEWEST, VERSIONS
from pocketfit.trial.older import try_older
from pocketfit.trial.smoke import smoke, smoke_input
from tools.support import MODELS

KEPT = Path(__file__).resolve().parent.parent / "build" / "versions"
# Of wall clock, on a machine that may be busy.
TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class Verdict:
    """What one version was predicted to make of a file, and what it made: a status, what it lacks, the SQNR in dB."""

    predicted: str
    seen: str
    said: str = ""
    sqnr_db: float | None = None

    @property
    def outcome(self) -> str:
        """Say whether the prediction was right, and how it was wrong."""
        if self.predicted == self.seen:
            return "right"
        return "false fine" if self.predicted == "runs" else "false alarm"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--kept", action="store_true", help="build nothing, and put together what there is")
    options = parser.parse_args()
    android = find_android()
    if missing := [version for version in VERSIONS if version not in (NEWEST, *android.older)]:
        sys.exit(f"ExecuTorch {' and '.join(missing)} is not built: make android OLDER=1")
    specs = read_config(MODELS / "pocketfit.toml").models
    held: dict[str, Mapping[str, Verdict] | str] = {}
    with JvmDevice(DeviceSpec("jvm"), android, timeout_s=TIMEOUT_S).up() as device:
        for spec in specs:
            path = KEPT / f"{spec.name}.json"
            if not path.is_file() and not options.kept and (not options.models or spec.name in options.models):
                write_text_atomically(path, json.dumps(judge(spec, device)))
            if path.is_file() and (not options.models or spec.name in options.models):
                held[spec.name] = _read(path)
                print(line(spec.name, held[spec.name]), flush=True)
    print("\n".join(summary(held.values())))
    verdicts = [verdict for one in held.values() if not isinstance(one, str) for verdict in one.values()]
    return 1 if any(verdict.outcome != "right" for verdict in verdicts) else 0


def judge(spec: ModelSpec, device: Running) -> dict[str, dict[str, object]] | str:
    """Build a model and run its file on each version; a str says why there is no file."""
    variant = Variant(spec.name, "executorch", spec.precisions[0])
    with tempfile.TemporaryDirectory(prefix="pocketfit-versions-") as name:
        folder = Path(name)
        shutil.copytree(MODELS, folder / "repository", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "out").mkdir()
        sandbox = Sandbox(timeout_s=TIMEOUT_S)
        built, _ = build(variant, spec, folder / "repository", folder / "out", folder / "child.log", sandbox)
        if not isinstance(built, Built):
            return built.reason
        given = smoke_input(built, folder / "out")
        golden = (built.export.outputs, *built.export.later)
        predicted = predict(given.artifact, variant.format, VERSIONS)
        own = smoke(device, variant, given, golden, spec.limits)
        found = {NEWEST: seen(own, predicted[NEWEST])}
        found |= try_older(device, variant, given, golden, spec.limits, predicted, own)
    return {
        version: {
            "predicted": predicted[version].status,
            "seen": one.status if one.known_by == "run" else "not run",
            "said": ", ".join(one.lacks) or one.reason,
            "sqnr_db": one.sqnr_db,
        }
        for version, one in found.items()
    }


def _read(path: Path) -> Mapping[str, Verdict] | str:
    kept = json.loads(path.read_text())
    return kept if isinstance(kept, str) else {version: Verdict(**one) for version, one in kept.items()}


def line(name: str, held: Mapping[str, Verdict] | str) -> str:
    """One row of the table."""
    if isinstance(held, str):
        return f"| {name} | not built: {held[:100]} |" + " |" * (len(VERSIONS) - 1)
    return f"| {name} | {' | '.join(_cell(held[version]) for version in VERSIONS)} |"


def _cell(verdict: Verdict) -> str:
    said = f": {verdict.said}" if verdict.said and verdict.seen != "runs" else ""
    agreement = "" if verdict.sqnr_db is None else f", {verdict.sqnr_db:.0f} dB"
    wrong = "" if verdict.outcome == "right" else f" (**predicted: {verdict.predicted}**)"
    return f"{verdict.seen}{agreement}{said}{wrong}"


def summary(held: Iterable[Mapping[str, Verdict] | str]) -> Iterator[str]:
    """Count the predictions that were right, and those that were not."""
    files = [one for one in held if not isinstance(one, str)]
    counts = Counter(
        f"{verdict.outcome} ({verdict.seen})" if verdict.outcome == "right" else verdict.outcome
        for one in files
        for verdict in one.values()
    )
    yield f"{len(files)} files, {sum(counts.values())} predictions: " + ", ".join(
        f"{count} {word}" for word, count in sorted(counts.items())
    )


if __name__ == "__main__":
    sys.exit(main())
