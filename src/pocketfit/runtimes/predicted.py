"""Predicts what versions of Android's ExecuTorch make of a .pte, from the file and from what their libraries have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pocketfit.formats import FORMATS
from pocketfit.records import RunsOn, Smoke
from pocketfit.runtimes.compatibility import Problem
from pocketfit.runtimes.kernels import check_program, kernels_of, lacking
from pocketfit.runtimes.pte import Program, read_program
from pocketfit.runtimes.versions import VERSIONS, version_of
from pocketfit.runtimes.xnnpack import BACKEND

EXECUTORCH = "executorch"


def predict(path: Path, format_name: str, versions: Iterable[str]) -> dict[str, RunsOn]:
    """Say of each version whether it takes the file; nothing where the format is another runtime's."""
    if format_name not in FORMATS or FORMATS[format_name].runtime != EXECUTORCH:
        return {}
    try:
        program = read_program(path)
    except (OSError, ValueError) as error:
        return {version: _predicted(version, "unknown", f"the file can't be read: {error}") for version in versions}
    return {version: _of_program(program, version) for version in versions}


def _of_program(program: Program, version: str) -> RunsOn:
    kernels = kernels_of(VERSIONS.get(version))
    if kernels is None:
        return _predicted(version, "unknown", f"nobody has read what ExecuTorch {version} has")
    if problems := check_program(program, kernels, {}):
        sentences = [problem.sentence if isinstance(problem, Problem) else problem for problem in problems]
        return replace(_predicted(version, "refused", "; ".join(sentences)), lacks=lacking(program, kernels))
    return _predicted(version, "runs", unknown_of(program))


def unknown_of(program: Program) -> str:
    """Say what can't be known of a program before it is tried; "" where it is all known but for dtypes and values."""
    others = [backend for backend in program.backends if backend != BACKEND]
    if others:
        return f"what {' and '.join(others)} was given can't be looked into"
    if not program.backends:
        return ""
    if not program.nodes:
        return "what XNNPACK was given can't be looked into"
    return "what XNNPACK was given is looked at by kind of node alone"


def _predicted(version: str, status: Literal["runs", "refused", "unknown"], reason: str) -> RunsOn:
    return RunsOn(status, "prediction", str(VERSIONS.get(version) or f"ExecuTorch {version}"), reason)


def judged(predicted: Mapping[str, RunsOn], older: Mapping[str, RunsOn], tried: Smoke) -> dict[str, RunsOn]:
    """What is known of each version: what was seen on it, by `tried` on the device's own, else what is predicted."""
    own = version_of(tried.runtime or "")
    known = {**predicted, **{version: one for version, one in older.items() if version in predicted}}
    if own in known:
        known[own] = seen(tried, predicted[own])
    return known


def seen(tried: Smoke, predicted: RunsOn) -> RunsOn:
    """What a run on that version showed; the prediction where it was not tried."""
    if tried.status in ("skipped", "infra-error"):
        return predicted
    status: Literal["runs", "refused", "differs"] = "runs"
    if tried.status == "failed":
        status = "refused" if tried.parity.max_abs_diff is None else "differs"
    return RunsOn(
        status,
        "run",
        tried.runtime or "",
        tried.reason,
        # The runtime names the first that it misses; by the file it may be more.
        predicted.lacks if status == "refused" else (),
        tried.parity.max_abs_diff,
        tried.parity.sqnr_db,
    )
