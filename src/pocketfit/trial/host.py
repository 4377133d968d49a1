"""Times artifacts of formats that this host has a runtime of its own for, in children like any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pocketfit.builds.worker import OTHER_QUESTION, Sandbox, job_folder, run_child
from pocketfit.formats import FORMATS
from pocketfit.job import Contender, HostLoad, HostTimes, NotExported
from pocketfit.records import Load, SmokeInput
from pocketfit.trial.timing import Place

# A child takes seconds to import torch, so it takes some loads together: the interval wants eight or more.
LOADS_OF_A_CHILD = 4


class HostTimer:
    """`threads` is how many a model may take."""

    def __init__(self, sandbox: Sandbox, threads: int) -> None:
        self.sandbox, self.threads = sandbox, threads

    def takes(self, format_name: str) -> bool:
        """False where only a device's times count."""
        return format_name in FORMATS and FORMATS[format_name].host_runtime() is not None

    def place(self, format_name: str) -> Place:
        return Place(f"host, {FORMATS[format_name].host_runtime()}", self.threads, LOADS_OF_A_CHILD)

    def time_loads(
        self, base: SmokeInput, head: SmokeInput, *, seeds: Sequence[int], rounds: int, budget_ms: int
    ) -> tuple[Load, ...] | str:
        """All in one child; see timing.Loader."""
        limit_bytes = self.sandbox.memory_limit_bytes
        job = HostLoad(
            head.format, _contender(base), _contender(head), self.threads, rounds, budget_ms, tuple(seeds), limit_bytes
        )
        with job_folder(self.sandbox) as name:
            result = run_child(job, Path(name), Path(name), Path(name) / "child.log", self.sandbox)
        if isinstance(result, NotExported):
            return f"not timed on the host: {result.reason}"
        return result.loads if isinstance(result, HostTimes) and len(result.loads) == len(seeds) else OTHER_QUESTION


def _contender(given: SmokeInput) -> Contender:
    return Contender(str(given.artifact.resolve()), given.inputs, str(given.folder.resolve()))
