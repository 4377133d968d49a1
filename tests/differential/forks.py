"""A process that has imported what is slow once, and forks a child for each job: importing torch costs seconds.

`serve` is the process, `Worker` the side that asks. A job is a JSON object on a line, its answer another. What a child
does to itself, up to a crash, reaches no other.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
Answer = dict[str, Any]


def serve(work: Callable[[dict[str, Any]], Answer]) -> None:
    """Answer jobs from stdin until it ends. Each has a `folder` to work in and a `limit_s`."""
    for line in sys.stdin:
        job = json.loads(line)
        began = time.monotonic()
        before = os.times()
        answer = _forked(work, job)
        used = os.times()
        answer["cpu_s"] = used.children_user + used.children_system - before.children_user - before.children_system
        answer["wall_s"] = time.monotonic() - began
        print(json.dumps(answer), flush=True)


def _forked(work: Callable[[dict[str, Any]], Answer], job: dict[str, Any]) -> Answer:
    kept = Path(job["folder"]) / "answer.json"
    kept.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        _in_child(work, job, kept)
    deadline = time.monotonic() + float(job["limit_s"])
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return {"died": f"took longer than {job['limit_s']:g} s"}
        time.sleep(0.01)
    if kept.exists():
        return dict(json.loads(kept.read_text()))
    return {"died": f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"}


def _in_child(work: Callable[[dict[str, Any]], Answer], job: dict[str, Any], kept: Path) -> None:
    os.setpgid(0, 0)
    folder = Path(job["folder"])
    log = os.open(folder / "log.txt", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    # Standard output belongs to the answers.
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        answer = work(job)
        partial = kept.with_suffix(".partial")
        partial.write_text(json.dumps(answer))
        partial.rename(kept)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)


class Worker:
    """One such process: `module` is what is started."""

    def __init__(self, module: str) -> None:
        environment = {
            **os.environ,
            # A worktree's own code, whatever is installed.
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)]),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, job: dict[str, Any]) -> Answer:
        """The answer; with `died` where the child ended without one. Raises RuntimeError where the process is gone."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        Path(job["folder"]).mkdir(parents=True, exist_ok=True)
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended")
        return dict(json.loads(line))

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)
