"""Runs files that are there already on this host, predicts what becomes of them on a device, and times them."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.exporter.described import describe
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.rounds import take_rounds
from pocketfit.exporter.source import seeded_inputs
from pocketfit.exporter.state.eager import answer, copies
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.torchscript.quantize import use_engine
from pocketfit.exporter.verify import as_arrays
from pocketfit.formats import FORMATS
from pocketfit.job import Contender, HostLoad, HostOutputs, HostRun, HostTimes, NotExported, Result, enter
from pocketfit.judge.golden import read_tensor, write_arrays
from pocketfit.records import Load, TensorFile
from pocketfit.runtimes.signature import mismatch

if TYPE_CHECKING:
    from pocketfit.exporter.tensors import Inputs
    from pocketfit.exporter.verify import Arrays


def run_given(job: HostRun, folder: Path) -> Result:
    """The outputs of a file that somebody else made, as this host computes them."""
    import torch

    torch.set_num_threads(1)
    use_engine()
    enter(folder, f"reading {Path(job.artifact).name}")
    if problem := _uncallable(job):
        return NotExported(problem, torch=torch.__version__, uncallable=True)
    predicted = _predicted(job)
    enter(folder, f"running {Path(job.artifact).name} on {where(job.format)}")
    try:
        inputs = _golden(job.files, Path(job.folder)) if job.files else seeded_inputs(job.inputs)
        run = BUILDERS[job.format].load(Path(job.artifact))
        with torch.no_grad():
            calls = [as_arrays(answer(run, copies(inputs))) for _ in range(job.calls)]
    except ModelProblem as problem:
        return NotExported(str(problem), predicted, torch=torch.__version__)
    except Exception as error:
        # What this torch can't run may still run on the device: the reader is told that nothing was compared.
        return NotExported(describe(error), predicted, torch=torch.__version__)
    outputs, *later = write_calls(calls, folder)
    return HostOutputs(outputs, torch.__version__, predicted, tuple(later) if _changes(calls) else ())


def write_calls(calls: Sequence[Arrays], folder: Path) -> list[tuple[TensorFile, ...]]:
    """Write the outputs of calls in a row, each call's under names of its own."""
    first, *later = calls
    named = ((f"call{number}-output", outputs) for number, outputs in enumerate(later, start=2))
    return [write_arrays(first, folder, "output"), *(write_arrays(outputs, folder, kind) for kind, outputs in named)]


def _changes(calls: Sequence[Arrays]) -> bool:
    """Say whether the answers of calls on the same inputs differ."""
    plain = [[(path, array.shape, array.tobytes()) for path, array in outputs] for outputs in calls]
    return any(one != plain[0] for one in plain[1:])


def _uncallable(job: HostRun) -> str | None:
    """Say why forward of the file can't be called with as many tensors as there are, by what it declares, or None."""
    try:
        taken = BUILDERS[job.format].arguments(Path(job.artifact))
    except ModelProblem as problem:
        return str(problem)
    except Exception:
        # What can't be read can't be called either, and the device says why.
        return None
    return None if taken is None else mismatch(taken, len(job.files or job.inputs))


def _predicted(job: HostRun) -> tuple[str, ...]:
    """Predict the runtime's verdict from the file alone, in sentences."""
    from pocketfit.exporter.compatible import find_target, one_sentence, refused, refused_program

    path = Path(job.artifact)
    lacking = refused_program(job.library, path)
    if lacking is not None:
        # What a backend was given shows when it runs.
        nothing = f"nothing that {job.library} lacks, as far as kernels tell"
        return (f"predicted: {one_sentence(lacking) if lacking else nothing}",)
    target, notes = find_target(job.format, job.library)
    if target is None:
        return notes
    try:
        module = BUILDERS[job.format].load(path) if target.rules.by_module else None
    except Exception as error:
        # This torch is newer than the runtime: what it can't read, the runtime can't either.
        return (f"predicted: {target.runtime.library} can't load it: {describe(error)}",)
    refusals = refused(target, path, module)
    prediction = one_sentence(refusals) if refusals else f"nothing that {target.runtime.library} lacks"
    return (f"predicted: {prediction}", *_misnamed(job))


def _misnamed(job: HostRun) -> tuple[str, ...]:
    """A reason where a file is named as of one format and holds another, which the first one's runtime can't load."""
    return tuple(
        f"it is named {facts.suffix} and has no {facts.marker}, which the {facts.title} runtime needs: "
        f"save it with {facts.saver}"
        for facts in FORMATS.values()
        if facts.marker and job.artifact.endswith(facts.suffix) and job.format != facts.name
    )


def time_given(job: HostLoad, folder: Path) -> Result:
    """Two files in turn on this host, each on its golden inputs."""
    import torch

    # What runs the files takes as many threads as torch has.
    torch.set_num_threads(job.threads)
    enter(folder, f"timing {Path(job.head.artifact).name} on {where(job.format)}")
    try:
        with torch.no_grad():
            return HostTimes(_loads(job), torch.__version__)
    except Exception as error:
        # A file that ran before may still run out of memory, loaded three times: a pair without times, and why.
        return NotExported(describe(error), torch=torch.__version__)


def _loads(job: HostLoad) -> tuple[Load, ...]:
    loads, alive = [], None
    for seed in job.seeds:
        # Keep the previous load alive until the next one is in memory, or it would get the same pages.
        load, alive = _timed(job, seed, alive)
        loads.append(load)
    return tuple(loads)


def _timed(job: HostLoad, seed: int, before: object) -> tuple[Load, object]:
    """Time one fresh load of base, head and head again; `before` and the second result are loads to keep alive."""
    contenders = {"base": job.base, "head": job.head, "again": job.head}
    names = list(contenders)
    # The first to be loaded gets other memory than the last.
    random.Random(seed).shuffle(names)
    tasks, load_ms, first_ms = {}, {}, {}
    for name in names:
        began = time.perf_counter_ns()
        tasks[name] = _task(job.format, contenders[name])
        load_ms[name] = (time.perf_counter_ns() - began) / 1e6
        began = time.perf_counter_ns()
        tasks[name]()
        first_ms[name] = (time.perf_counter_ns() - began) / 1e6
    base_ms, head_ms, again_ms = take_rounds([tasks[name] for name in contenders], job.rounds, job.budget_ms, seed)
    load = Load(
        tuple(base_ms),
        tuple(head_ms),
        tuple(again_ms),
        load_ms["base"],
        load_ms["head"],
        first_ms["base"],
        first_ms["head"],
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )
    del before
    return load, tasks


def _task(format_name: str, contender: Contender) -> Callable[[], object]:
    run = BUILDERS[format_name].load(Path(contender.artifact))
    inputs = _golden(contender.inputs, Path(contender.folder))
    return lambda: run(*inputs)


def _golden(files: tuple[TensorFile, ...], folder: Path) -> Inputs:
    import torch

    return tuple(torch.from_numpy(read_tensor(file, folder)) for file in files)


def where(format_name: str) -> str:
    runtime = FORMATS[format_name].host_runtime()
    return f"the host by {runtime}" if runtime else "the host"
