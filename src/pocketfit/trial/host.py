"""A format's runtime on this host: it judges artifacts that no device can run, and times them.

Artifacts run in children like any other code of the pull request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.worker import JOB_PREFIX, OTHER_KIND, run_child, run_on_host
from pocketfit.files.temporary import lent_folder, temporary_folder
from pocketfit.formats import FORMATS
from pocketfit.job import Contender, HostLoad, HostOutputs, HostRun, HostTimes, NotExported
from pocketfit.judge.outputs import read_outputs
from pocketfit.judge.sequence import judge_calls
from pocketfit.records import Library, Limits, Load, Smoke, SmokeInput, TensorFile
from pocketfit.trial.smoke import Golden
from pocketfit.trial.timing import Place

# A child takes seconds to import torch, so it takes some loads together: the interval wants eight or more.
LOADS_OF_A_CHILD = 4


class HostTimer:
    """`threads` is how many a model may take."""

    def __init__(self, sandbox: Sandbox, threads: int) -> None:
        self.sandbox, self.threads = sandbox, threads

    def takes(self, format_name: str) -> bool:
        """True where the host has a runtime for the format; False where only a device's times count."""
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
        with lent_folder(JOB_PREFIX) as lent:
            result = run_child(job, lent.work.path, lent, lent.ours / "child.log", self.sandbox)
        if isinstance(result, NotExported):
            return f"not timed on the host: {result.reason}"
        return result.loads if isinstance(result, HostTimes) and len(result.loads) == len(seeds) else OTHER_KIND


def _contender(given: SmokeInput) -> Contender:
    return Contender(str(given.artifact.resolve()), given.inputs, str(given.folder.resolve()))


@dataclass(frozen=True)
class OnHost:
    """The result of an artifact on the host: `problem` says what is wrong with it, else `description` what it does."""

    problem: str | None = None
    description: str = ""


def with_host(tried: Smoke, format_name: str, host: OnHost) -> tuple[Smoke, tuple[str, ...]]:
    """Fold the host's verdict into a device's "skipped": failed if the host fails too, else a note beside it."""
    runtime = FORMATS[format_name].host_runtime()
    if runtime is None or tried.status != "skipped":
        return tried, ()
    if host.problem:
        return replace(tried, status="failed", reason=f"on the host by {runtime}: {host.problem}"), ()
    return tried, (f"on the host by {runtime} it {host.description}",)


def run_golden(
    given: SmokeInput, sandbox: Sandbox, keep: Path, library: Library | None = None
) -> HostOutputs | NotExported:
    """Run an artifact on its golden inputs, on the host; with `library`, say in its reasons what that library lacks."""
    folder = str(given.folder.resolve())
    limit_bytes = sandbox.memory_limit_bytes
    job = HostRun(given.format, str(given.artifact), (), limit_bytes, given.inputs, folder, library, given.calls)
    return run_on_host(job, sandbox, keep)


def try_on_host(given: SmokeInput, golden: Golden, precision: str, sandbox: Sandbox) -> OnHost:
    """Run an artifact on its golden inputs, and compare its outputs with the golden ones, call by call."""
    with temporary_folder("pocketfit-host-") as folder:
        result = run_golden(given, sandbox, folder)
        if isinstance(result, NotExported):
            return OnHost(result.reason)
        expected = [read_outputs(call, given.folder) for call in golden]
        actual = [read_outputs(call, folder) for call in (result.outputs, *result.later)]
    # A file that keeps nothing gives the same answer each time, which is then handed over once.
    actual += actual[-1:] * (len(expected) - len(actual))
    judged = judge_calls(expected, actual, Limits(), precision, flat=FORMATS[given.format].flat_outputs)
    if judged.problem:
        return OnHost(judged.problem)
    return OnHost(description=f"runs, and its largest difference from eager is {judged.parity.max_abs_diff:.2g}")


def describe_outputs(outputs: Sequence[TensorFile]) -> str:
    """Describe outputs for which nobody knows what is right, by their dtypes and shapes."""
    kinds = (f"{output.dtype} {'x'.join(map(str, output.shape)) or 'scalar'}" for output in outputs)
    return f"runs, and gives {', '.join(kinds)}"
