"""A git repository with three small models, runs in it that are struck, and the look at all that they may leave."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIG = """
[device]
kind = "jvm"
latency_budget_s = 1

[models.changed]
source = "nets.py:changed"
inputs = [{ shape = [1, 8] }]
"""
# Each child takes seconds to import torch, and a run is struck many times.
MORE = """
[models.new]
source = "nets.py:new"
inputs = [{ shape = [1, 8] }]

[models.other]
source = "nets.py:other"
inputs = [{ shape = [1, 3, 8, 8] }]
formats = ["torchscript"]
"""
NETS = """
from torch import nn


def new():
    return nn.Sequential(nn.Linear(8, 4), nn.ReLU())


def changed():
    return nn.Linear(8, WIDTH)


def other():
    return nn.Conv2d(3, 4, 3)
"""
WHO = {name: "x@example.invalid" for name in (
    "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL",
)}  # fmt: skip
CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}
CUT_SHORT = "this report is cut short"
# On a machine that is busy with other things.
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Struck:
    """One attempt: when the signal came, what became of the run, and what was wrong."""

    after_s: float
    what: str
    ended_after_s: float | None
    faults: tuple[str, ...] = ()


class Place:
    """`repository` with its `temporary` folder for runs, and how git saw it before the first of them."""

    def __init__(self, repository: Path, temporary: Path) -> None:
        self.repository, self.temporary = repository, temporary
        self.out = repository / "pocketfit-out"
        self.before = self.git_state()
        self.expected: list[Any] = []

    def git_state(self) -> tuple[str, ...]:
        commands = (["status", "--porcelain"], ["worktree", "list"], ["for-each-ref"], ["stash", "list"])
        return tuple(git(self.repository, *command) for command in commands)

    def start(self, *options: str) -> subprocess.Popen[str]:
        log = (self.temporary.parent / "stderr.txt").open("a" if options else "w")
        return subprocess.Popen(
            # Whatever started us may ignore SIGINT, as a shell does for what it runs in the background.
            ["env", "--default-signal=INT", sys.executable, "-m", "pocketfit", "run", "--base", "HEAD^", *options],
            cwd=self.repository,
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            text=True,
            start_new_session=True,
        )

    def said(self) -> str:
        return (self.temporary.parent / "stderr.txt").read_text()

    def run_whole(self) -> float:
        """Run to the end; returns the seconds."""
        began = time.monotonic()
        code = self.start().wait()
        assert code == 0, self.said()
        self.expected = self.expected or self.rows()
        return time.monotonic() - began

    def strike(self, number: signal.Signals, after_s: float) -> Struck:
        before = self.identity()
        # What a killed run left is there until one has begun.
        earlier = set(self.left_behind())
        process = self.start()
        try:
            process.wait(timeout=after_s)
            return Struck(after_s, "ended before", None, tuple(self.half_written()))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        began = time.monotonic()
        process.wait(timeout=PATIENCE_S)
        ended_after_s = time.monotonic() - began
        faults = list(self.half_written())
        if number == signal.SIGKILL:
            # Their supervisors end what it ran, without a next run.
            while (left := list(self.processes())) and time.monotonic() - began < PATIENCE_S:
                time.sleep(0.1)
            faults += [f"process {process} runs on" for process in left]
            return Struck(after_s, "killed", time.monotonic() - began, tuple(faults))
        what, more = self._judge_stop(number, process.returncode, before)
        left = [fault for fault in self.left_behind() if fault not in earlier]
        return Struck(after_s, what, ended_after_s, (*faults, *more, *left))

    def _judge_stop(self, number: signal.Signals, code: int, before: object) -> tuple[str, list[str]]:
        said = self.said()
        if code == 0:
            return "was done already", []
        if not said.partition("base is ")[2].partition("\n")[2]:
            # Nothing had begun, and maybe not even Python: what base is, is said first of all.
            return "stopped before it began", [] if self.identity() == before else ["a report of nothing"]
        faults = [] if code == CODES[number] else [f"exit code {code}"]
        faults += ["a traceback"] if "Traceback" in said else []
        faults += ["SIGKILL is blamed on a model"] if "SIGKILL" in said else []
        if self.identity() == before:
            return "stopped", [*faults, f"no report of what was done: {said}"]
        report = json.loads(self.report())
        if self.rows() == self.expected:
            return "stopped when all was done", faults
        if report["verdict"] != "error" or not report["notes"][0].startswith(CUT_SHORT):
            faults.append(f"its report is of verdict {report['verdict']}, with the notes {report['notes']}")
        return "stopped, with a report", faults

    def identity(self) -> object:
        """What tells a report from one that a run writes, which may say the same."""
        path = self.out / "report.json"
        return (path.stat().st_ino, path.stat().st_mtime_ns) if path.exists() else None

    def report(self) -> bytes:
        return (self.out / "report.json").read_bytes()

    def rows(self, out: str = "pocketfit-out") -> list[Any]:
        """What a report says that is the same each time."""
        report = json.loads((self.repository / out / "report.json").read_bytes())
        return [
            report["verdict"],
            *(
                (row["model"], row["status"], row["smoke"]["status"], (row["base"] or {}).get("sha256"), (row["head"] or {}).get("sha256"))
                for row in report["rows"]
            ),
        ]  # fmt: skip

    def differences(self) -> Iterator[str]:
        if self.rows() != self.expected:
            yield f"its rows are {self.rows()}"

    def half_written(self) -> Iterator[str]:
        """Files under their final names that are not whole."""
        for path in self.out.rglob("*.json"):
            if ".unfinished-" in str(path):
                continue
            try:
                json.loads(path.read_bytes())
            except ValueError:
                yield f"{path} is no JSON"
        for side in ("base", "head"):
            folder = self.out / "artifacts" / side
            manifest = folder / "manifest.json"
            for entry in json.loads(manifest.read_bytes())["artifacts"] if manifest.exists() else ():
                if hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() != entry["sha256"]:
                    yield f"{folder / entry['file']} is not whole"

    def left_behind(self) -> Iterator[str]:
        if (now := self.git_state()) != self.before:
            yield f"git says {now}"
        if (self.repository / ".git/worktrees").exists() and list((self.repository / ".git/worktrees").iterdir()):
            yield "a worktree is registered"
        yield from (f"{path} is left" for path in self.temporary.iterdir())
        yield from (f"{path} is left" for path in self.out.glob(".unfinished-*"))
        yield from (f"process {process} is left" for process in self.processes())

    def processes(self) -> Iterator[str]:
        """What runs with our temporary folder in its environment: runs, and all that they start."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.temporary).encode() in (process / "environ").read_bytes():
                    yield (process / "cmdline").read_text().replace("\0", " ")[:200]
            except OSError:
                continue


def git(folder: Path, *args: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *args], check=True, capture_output=True, text=True, env={**os.environ, **WHO}
    ).stdout


def make_place(folder: Path) -> Place:
    """A repository whose last commit changes its model and adds two, in a new folder."""
    repository, temporary = folder / "repository", folder / "tmp"
    repository.mkdir()
    temporary.mkdir()
    git(repository, "init", "-q", "-b", "main")
    for width, config in (("4", CONFIG), ("6", CONFIG + MORE)):
        (repository / "pocketfit.toml").write_text(config)
        (repository / "nets.py").write_text(NETS.replace("WIDTH", width))
        git(repository, "add", ".")
        git(repository, "commit", "-q", "-m", f"width {width}")
    return Place(repository, temporary)
