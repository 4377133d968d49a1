"""What the host's own runtime for a format says of an artifact that no device can run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pocketfit.builds.worker import Sandbox, run_on_host
from pocketfit.formats import FORMATS
from pocketfit.job import HostOutputs, HostRun, NotExported
from pocketfit.judge.outputs import judge, read_outputs
from pocketfit.records import Library, Limits, Smoke, SmokeInput, TensorFile


def with_host(tried: Smoke, format_name: str, problem: str | None, said: str) -> tuple[Smoke, tuple[str, ...]]:
    """The smoke, and what to tell beside it, given what is wrong with the file on the host, else what is said of it.

    One that fails even on the host is `failed`; one that runs there stays `skipped`, since that is no phone.
    """
    runtime = FORMATS[format_name].host_runtime()
    if runtime is None or tried.status != "skipped":
        return tried, ()
    if problem:
        return replace(tried, status="failed", reason=f"on the host by {runtime}: {problem}"), ()
    return tried, (f"on the host by {runtime} it {said}",)


def run_golden(
    given: SmokeInput, sandbox: Sandbox, keep: Path, library: Library | None = None
) -> HostOutputs | NotExported:
    """An artifact on its golden inputs, on the host; with `library` its reasons say what that runtime lacks of it."""
    folder = str(given.folder.resolve())
    job = HostRun(given.format, str(given.artifact), (), sandbox.memory_limit_bytes, given.inputs, folder, library)
    return run_on_host(job, sandbox, keep)


def problem_on_host(
    given: SmokeInput, golden: Sequence[TensorFile], precision: str, sandbox: Sandbox
) -> tuple[str | None, str]:
    """Run an artifact on its golden inputs; returns what is wrong with it, and what is to be said where nothing is."""
    with tempfile.TemporaryDirectory(prefix="pocketfit-host-") as name:
        result = run_golden(given, sandbox, Path(name))
        if isinstance(result, NotExported):
            return result.reason, ""
        expected, actual = read_outputs(golden, given.folder), read_outputs(result.outputs, Path(name))
    judged = judge(expected, actual, Limits(), precision, flat=FORMATS[given.format].flat_outputs)
    if judged.problem:
        return judged.problem, ""
    return None, f"runs, and its largest difference from eager is {judged.parity.max_abs_diff:.2g}"


def describe_outputs(outputs: Sequence[TensorFile]) -> str:
    """What there is to say where nobody knows what is right."""
    kinds = (f"{one.dtype} {'x'.join(map(str, one.shape)) or 'scalar'}" for one in outputs)
    return f"runs, and gives {', '.join(kinds)}"
