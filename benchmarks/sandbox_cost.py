"""What the supervisor and the walls cost: mobilenet_v3_small exported with and without them, in pairs.

`python -m benchmarks.sandbox_cost [PAIRS]` compares seconds of CPU, the children's included, and fails where the
median of the pairs' ratios is above 1.05.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pocketfit.builds.sandbox import Sandbox, child_environment
from pocketfit.builds.walls import run_in_sandbox
from pocketfit.files.temporary import lent_folder
from pocketfit.job import JOB_FILE, Job, to_json
from pocketfit.records import InputSpec, ModelSpec, Variant

MOST = 1.05
SPEC = ModelSpec("small", "torchvision.models:mobilenet_v3_small", inputs=(InputSpec((1, 3, 224, 224)),))
VARIANT = Variant("small", "lite", "fp32")


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    ratios = []
    with tempfile.TemporaryDirectory(prefix="pocketfit-sandbox-cost-") as name:
        root = Path(name) / "root"
        root.mkdir()
        root.parent.chmod(0o755)
        # Once unmeasured: the first reads torch from the disk.
        bare(root)
        for pair in range(pairs):
            # In turn, since a machine is slower at some times than at others.
            order = (bare, sandboxed) if pair % 2 else (sandboxed, bare)
            seconds = {run.__name__: cpu_seconds(run, root) for run in order}
            ratios.append(seconds["sandboxed"] / seconds["bare"])
            print(f"bare {seconds['bare']:.2f} s, sandboxed {seconds['sandboxed']:.2f} s: {ratios[-1]:.3f}", flush=True)
    median = statistics.median(ratios)
    print(f"median of {pairs} pairs: {median:.3f} (at most {MOST})")
    sys.exit(median > MOST)


def cpu_seconds(run: Callable[[Path], None], root: Path) -> float:
    before = _used()
    run(root)
    return _used() - before


def _used() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def sandboxed(root: Path) -> None:
    with _job(root) as (job, job_file, work):
        done = run_in_sandbox(job, job_file, root, work, Sandbox(), alone=True)
        assert done.code == 0, done


def bare(root: Path) -> None:
    """The same child, started as any program is."""
    with _job(root) as (_, job_file, work):
        command = [sys.executable, "-P", "-m", "pocketfit.exporter", str(job_file), str(work)]
        environment = child_environment(os.environ, work, work)
        subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True)


@contextmanager
def _job(root: Path) -> Iterator[tuple[Job, Path, Path]]:
    """A job, the file that says so, and the folder for what it makes, which must be there afterwards."""
    with lent_folder("pocketfit-cost-") as lent:
        work = lent.work.path
        job = Job(VARIANT, SPEC, str(root), str(work))
        (lent.ours / JOB_FILE).write_text(to_json(job))
        yield job, lent.ours / JOB_FILE, work
        assert (work / "small.lite.fp32.ptl").stat().st_size > 1_000_000


if __name__ == "__main__":
    main()
