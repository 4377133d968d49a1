"""Starts the child that model code runs in, and takes back what it wrote without trusting any of it."""

from __future__ import annotations

import contextlib
import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path

from pocketfit.builds.fitness import unfit_for
from pocketfit.builds.progress import read_stage, telling
from pocketfit.builds.said import last_line, traceback_lines
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.walls import run_in_sandbox
from pocketfit.builds.weigh import weigh
from pocketfit.errors import EnvironmentProblem
from pocketfit.files import Opened, write_text_atomically
from pocketfit.files.temporary import Lent, lent_folder
from pocketfit.formats import FORMATS
from pocketfit.job import (
    JOB_FILE,
    RESULT_FILE,
    Exported,
    HostOutputs,
    HostRun,
    HostTimes,
    Job,
    NotExported,
    Result,
    Task,
    UnfitEnvironment,
    read_result,
    to_json,
)
from pocketfit.judge.golden import TENSOR_LIMIT_BYTES, check_seeded, size_bytes_of
from pocketfit.judge.memory import bounds_planned
from pocketfit.process import Finished
from pocketfit.progress import Progress, tell
from pocketfit.records import Built, Failed, ModelSpec, TensorFile, Variant
from pocketfit.runtimes.library import library_for
from pocketfit.runtimes.pte import planned_bytes
from pocketfit.sandbox.order import describe_hit
from pocketfit.text import clean

log = logging.getLogger(__name__)

JOB_PREFIX = "pocketfit-job-"
HOW_TO_RAISE = {
    "memory": "--limit memory=SIZE raises that, where the machine has more",
    "processes": "--limit processes=N raises that",
    "file": "--limit file=SIZE raises that",
    "files": "--limit files=N raises that",
    "folder": "--limit folder=SIZE raises that",
}
# What is told of densenet121 has 3 kB.
RESULT_LIMIT_BYTES = 1_000_000
# Java addresses no more in one buffer.
ARTIFACT_LIMIT_BYTES = 2_000_000_000
TRACEBACK_AT = "traceback: "
OVER_SHARE = "needs more than its share of the memory: waits to be built alone"
OTHER_KIND = "the model's process returned a result of another kind than asked for; if it happens again, report it"
LIED = "the child's files are not what it said"
GOLDEN_NAME = re.compile(r"(input|output|call\d{1,2}-output)\d{1,4}\.bin", re.ASCII)


@dataclass(frozen=True)
class OverMemory(NotExported):
    """What we say, and no child can, of one that was ended for its memory."""


def build(
    variant: Variant,
    spec: ModelSpec,
    root: Path,
    artifacts: Path,
    log_file: Path,
    sandbox: Sandbox,
    begun: Progress | None = None,
    log_name: str = "",
) -> tuple[Built | Failed, str]:
    """Build one variant in a child and keep its files in `artifacts`; also returns the child's torch version.

    `begun` is what to tell of it while it takes long, and `log_name` where a reader finds its log; "" where that is not
    kept. One that needs more memory than its share of the sandbox's room is built once more, with the room to itself.

    Raises EnvironmentProblem when this machine can build nothing at all.
    """
    begun = begun or Progress("build", None, str(variant), "starting")
    room, job = sandbox.room, (variant, spec, root, artifacts, log_file)
    with room.shared() if room else contextlib.nullcontext():
        result, torch = _attempt(*job, sandbox, begun, alone=room is None)
    if isinstance(result, OverMemory) and room and sandbox.held_to(alone=False) != sandbox.limits:
        tell(replace(begun, stage=OVER_SHARE))
        with room.whole():
            result, torch = _attempt(*job, sandbox, begun, alone=True)
    return (_failed(variant, result, log_name) if isinstance(result, NotExported) else result), torch


def _attempt(
    variant: Variant,
    spec: ModelSpec,
    root: Path,
    artifacts: Path,
    log_file: Path,
    sandbox: Sandbox,
    begun: Progress,
    *,
    alone: bool,
) -> tuple[Built | NotExported, str]:
    with lent_folder(JOB_PREFIX) as lent:
        work = lent.work.path
        job = Job(variant, spec, str(root), str(work), sandbox.memory_limit_bytes, library_for(variant.format))
        with telling(begun, work):
            result = run_child(job, root, lent, log_file, sandbox, alone=alone)
        if isinstance(result, NotExported):
            return result, result.torch
        if not isinstance(result, Exported):
            return NotExported(OTHER_KIND), result.torch
        try:
            return _keep(result, variant, spec, lent.work, artifacts), result.torch
        except (OSError, ValueError) as error:
            return NotExported(f"{LIED}: {clean(str(error))}"), result.torch


def _failed(variant: Variant, said: NotExported, log_name: str) -> Failed:
    """The outcome of a child that made nothing, and where the rest of what it said stands."""
    reasons = said.reasons
    if said.traced:
        reasons += (f"{TRACEBACK_AT}{log_name}" if log_name else "-v shows its traceback",)
    losses = said.layer_losses
    return Failed(variant, said.reason, reasons, said.failed_limits, said.parity, layer_losses=losses)


def run_on_host(job: HostRun, sandbox: Sandbox, keep: Path) -> HostOutputs | NotExported:
    """Run a given artifact on the host; its outputs go to the folder `keep`."""
    with lent_folder(JOB_PREFIX) as lent:
        result = run_child(job, lent.work.path, lent, keep / "child.log", sandbox)
        if isinstance(result, NotExported):
            return result
        if not isinstance(result, HostOutputs):
            return NotExported(OTHER_KIND)
        try:
            for tensor in (*result.outputs, *(tensor for call in result.later for tensor in call)):
                _take_tensor(tensor, lent.work, keep / tensor.file)
        except (OSError, ValueError) as error:
            return NotExported(f"{LIED}: {clean(str(error))}")
        return result


def run_child(
    job: Task, cwd: Path, lent: Lent, log_file: Path, sandbox: Sandbox, *, alone: bool = True
) -> Exported | HostOutputs | HostTimes | NotExported:
    """Run one job in a child and return its result; where it died, how it died is a reason like any other.

    Raises EnvironmentProblem where this machine can export nothing at all.
    """
    # Beside the child's own folder: into that nobody else writes.
    job_file, work = lent.ours / JOB_FILE, lent.work.path
    write_text_atomically(job_file, to_json(job))
    finished = run_in_sandbox(job, job_file, cwd, work, sandbox, alone=alone)
    if printed := finished.stdout + finished.stderr:
        write_text_atomically(log_file, printed)
    result = _read_result(lent.work) if finished.code == 0 and not finished.hit else None
    if isinstance(result, UnfitEnvironment):
        return _judge_unfit(result, job)
    if result is None:
        place = last_line(finished.stderr, cwd)
        kind = OverMemory if finished.hit == "memory" else NotExported
        result = kind(_how_it_died(finished, *read_stage(work), sandbox, place), traced=bool(place))
    if isinstance(result, NotExported) and result.traced:
        for line in traceback_lines(finished.stderr):
            log.debug("%s", line)
    return result


def _read_result(work: Opened) -> Result | None:
    try:
        return read_result(work.read(RESULT_FILE, RESULT_LIMIT_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        return NotExported(f"the child's result can't be read: {clean(str(error))}")


def _judge_unfit(said: UnfitEnvironment, job: Task) -> NotExported:
    """Model code may say so too, and the run of others is not its to end: a child without any is asked.

    Raises EnvironmentProblem where that child says so.
    """
    format_name = job.variant.format if isinstance(job, Job) else job.format
    if reason := unfit_for(format_name):
        raise EnvironmentProblem(reason)
    return NotExported(f"the model's process says that nothing can be exported here, which is not so: {said.reason}")


def _how_it_died(finished: Finished, stage: str, hint: str, sandbox: Sandbox, place: str = "") -> str:
    at = f", at {place}" if place else ""
    if finished.timed_out:
        return f"{stage} took longer than --timeout, {sandbox.timeout_s:g} s, and was stopped{at}" + (
            f"; {hint}" if hint else ""
        )
    if finished.hit == "stopped":
        return f"was stopped while {stage}, since the run was told to stop"
    if said := describe_hit(finished.hit, sandbox.limits):
        return f"{said} while {stage} ({HOW_TO_RAISE[finished.hit]})"
    if name := finished.signal_name:
        guess = ", most likely out of memory" if name == "SIGKILL" else ""
        return f"the process was killed by {name} while {stage}{at}{guess}"
    lines = [line.strip() for line in (finished.stderr or finished.stdout).splitlines() if line.strip()]
    return f"the process ended with exit code {finished.code} while {stage}" + (
        f": {clean(lines[-1], 300)}" if lines else ""
    )


def _keep(result: Exported, variant: Variant, spec: ModelSpec, work: Opened, artifacts: Path) -> Built:
    """Take the files that a result names from the child's folder; raises OSError, or ValueError for a lie."""
    expected = f"{variant.stem}{FORMATS[variant.format].suffix}"
    if result.file != expected:
        raise ValueError(f"the artifact is named {result.file!r} instead of {expected!r}")
    artifacts.mkdir(parents=True, exist_ok=True)
    golden = f"golden/{variant.stem}"
    (artifacts / golden).mkdir(parents=True, exist_ok=True)
    export = result.export
    for tensor in export.golden:
        _take_tensor(tensor, work, artifacts / golden / tensor.file)
    work.take(expected, artifacts / expected, ARTIFACT_LIMIT_BYTES)
    # The user's own batches take their place where int8 is calibrated with some.
    if isinstance(spec.inputs, tuple) and not (variant.precision == "int8" and spec.calibration):
        check_seeded(export.inputs, spec.inputs, artifacts / golden)
    weight = weigh(artifacts / expected)
    planned = planned_bytes(artifacts / expected) if FORMATS[variant.format].plans_memory else None
    return Built(
        variant=variant,
        file=expected,
        size_bytes=weight.size_bytes,
        download_bytes=weight.download_bytes,
        sha256=weight.sha256,
        export=replace(
            export,
            reasons=(*export.reasons, *bounds_planned(spec.inputs, planned)),
            inputs=_below(golden, export.inputs),
            outputs=_below(golden, export.outputs),
            later=tuple(_below(golden, call) for call in export.later),
        ),
        delegation=result.delegation,
        planned_bytes=planned,
        operator_times=result.operator_times,
    )


def _below(folder: str, tensors: tuple[TensorFile, ...]) -> tuple[TensorFile, ...]:
    return tuple(replace(tensor, file=f"{folder}/{tensor.file}") for tensor in tensors)


def _take_tensor(tensor: TensorFile, work: Opened, target: Path) -> None:
    if not GOLDEN_NAME.fullmatch(tensor.file):
        raise ValueError(f"{tensor.file!r} is no golden tensor")
    expected_bytes = size_bytes_of(tensor)
    size_bytes = work.take(tensor.file, target, TENSOR_LIMIT_BYTES)
    if size_bytes != expected_bytes:
        raise ValueError(f"{tensor.file} has {size_bytes} bytes, which is not {tensor.dtype} of {tensor.shape}")
