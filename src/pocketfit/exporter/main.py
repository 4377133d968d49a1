"""The child process that model code runs in: a job file in, a result file in its own folder out.

`python -P -m pocketfit.exporter JOB_FILE FOLDER`, `--examine` for `pocketfit doctor`, or `--serve` (importing/serving).
Its environment holds no secrets; the parent reads what it writes as a stranger's, and says of what only it could know
that it is its word.
"""

from __future__ import annotations

import faulthandler
import resource
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit.exporter.build import build_variant
from pocketfit.exporter.executorch.patterns import make_patterns
from pocketfit.exporter.formats import BUILDERS
from pocketfit.exporter.given import run_given, time_given
from pocketfit.exporter.importing.uncollected import uncollected
from pocketfit.exporter.raised.log import log_traceback
from pocketfit.exporter.raised.sentences import raised
from pocketfit.exporter.tensors import ModelProblem
from pocketfit.exporter.torchscript.quantize import use_engine
from pocketfit.formats import FORMATS
from pocketfit.job import (
    RESULT_FILE,
    Exported,
    HostLoad,
    HostRun,
    Job,
    NotExported,
    Result,
    Task,
    UnfitEnvironment,
    enter,
    to_json,
    writer_of,
)
from pocketfit.runtimes.operators import read_all

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def main(job_file: Path, folder: Path) -> None:
    job = task_reader().validate_json(job_file.read_bytes())
    if job.memory_limit_bytes:
        resource.setrlimit(resource.RLIMIT_DATA, (job.memory_limit_bytes, job.memory_limit_bytes))
    # A factory that reads its command line finds what a script of its own would: its name, and nothing of ours.
    sys.argv = [job.spec.source.rpartition(":")[0] or job.spec.source] if isinstance(job, Job) else sys.argv[:1]
    # Where C++ ends the process, or its time is up, Python's line is still said.
    faulthandler.enable()
    enter(folder, "importing torch")
    with uncollected():
        import_module("torch")
    match job:
        case Job():
            result = export(job, folder)
        case HostRun():
            result = run_given(job, folder)
        case HostLoad():
            result = time_given(job, folder)
    unfinished = folder / f"{RESULT_FILE}.partial"
    unfinished.write_text(to_json(result))
    unfinished.rename(folder / RESULT_FILE)


@cache
def task_reader() -> TypeAdapter[Task]:
    """What reads a job's file; it takes a while to be made."""
    from pydantic import TypeAdapter

    return TypeAdapter[Task](Task)


def prepare() -> None:
    """Make what every job makes first, of nothing but our own."""
    task_reader()
    writer_of(Exported)
    read_all()


def prepare_lowering(kind: str) -> None:
    """Make what lowering looks for in the jobs of a fork server's kind."""
    if kind == "executorch":
        make_patterns()


def examine() -> dict[str, dict[str, str | None]]:
    """For each format, why it can't be built on this machine (None where it can), and what builds it here."""
    import torch

    built_with = {name: FORMATS[name].host_runtime() or f"torch {torch.__version__}" for name in BUILDERS}
    return {"unfit": {name: builder.unfit() for name, builder in BUILDERS.items()}, "built_with": dict(built_with)}


def export(job: Job, folder: Path) -> Result:
    """Build one variant; whatever goes wrong in the model is a result."""
    import torch

    # One thread: the same sums in the same order, so the same bytes on any machine.
    torch.set_num_threads(1)
    use_engine()
    if reason := BUILDERS[job.variant.format].unfit():
        return UnfitEnvironment(reason)
    try:
        return build_variant(job, folder)
    except ModelProblem as problem:
        return NotExported(str(problem), torch=torch.__version__, traced=log_traceback(problem))
    except MemoryError:
        return NotExported(f"needs more memory than the limit of {(job.memory_limit_bytes or 0) / 1e9:.1f} GB")
    except Exception as error:
        # Model code and converters raise anything, and this is one row of the report.
        return NotExported(raised("", error, ""), torch=torch.__version__, traced=log_traceback(error))
