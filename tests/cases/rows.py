"""Runs a case through the command line, in a copy of its folder, and reads what came of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cases.expected import Expected, Run

CASES = Path(__file__).parent
TIMEOUT_S = 1500
STATUS = {"passed": "passed", "skipped": "passed", "failed": "failed", "infra-error": "infra-error"}


@dataclass(frozen=True)
class Row:
    """One variant: passed means built, agreeing on the host, and not refused by the device where that can try it.

    `root` is the copy of the case that it came from, `artifacts` the folder that `file` and golden tensors lie in.
    """

    variant: str
    status: str
    sentences: tuple[str, ...] = ()
    host_db: float | None = None
    device_db: float | None = None
    size_bytes: int | None = None
    compared: bool = False
    raw: Any = None
    built: Any = None
    root: Path = Path()
    artifacts: Path = Path()


@dataclass(frozen=True)
class Outcome:
    """All rows of a case, what was printed, and the seconds of processor that it took."""

    rows: tuple[Row, ...]
    printed: str
    cpu_s: float


def folders(names: tuple[str, ...] = ()) -> list[Path]:
    """The cases, all or those whose folders begin with one of `names`."""
    return [
        path
        for path in sorted(CASES.glob("[0-9][0-9]-*"))
        if not names or any(path.name.startswith(name) for name in names)
    ]


def run_case(case: Path, expected: Expected, work: Path) -> Outcome:
    """Copy the case to `work`, without git around it, and run what `expected` says."""
    began_s = _children_s()
    root = work / "repository"
    shutil.copytree(case, root, ignore=shutil.ignore_patterns("__pycache__", "expected.*"))
    environment = _environment(expected, work)
    printed = []
    if expected.make:
        command = [word.format(python=sys.executable, folder=work / "made") for word in expected.make]
        subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, timeout=TIMEOUT_S)
        root = work / "made"
    rows: list[Row] = []
    for number, run in enumerate(expected.runs):
        out = work / f"out{number}"
        command = ["run", *run.arguments, "--device", "jvm", "--out", str(out)]
        said, _ = _pocketfit(command, root / run.folder, environment)
        printed.append(said)
        rows += _rows(run, root / run.folder, out)
    for file, shapes in expected.smokes.items():
        words = [word for shape in shapes for word in ("--shape", shape)]
        said, code = _pocketfit(["smoke", f"./{file}", *words, "--device", "jvm"], root, environment)
        printed.append(said)
        status = {0: "passed", 4: "failed", 3: "infra-error"}.get(code, f"exit code {code}")
        rows.append(Row(file, status, tuple(line.strip() for line in said.splitlines() if line.strip())))
    return Outcome(tuple(rows), "\n".join(printed), _children_s() - began_s)


def _pocketfit(words: list[str], folder: Path, environment: dict[str, str]) -> tuple[str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "pocketfit", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.stdout + done.stderr, done.returncode


def _rows(run: Run, root: Path, out: Path) -> list[Row]:
    if not (out / "report.json").exists():
        return []
    report = json.loads((out / "report.json").read_text())
    head = json.loads((out / "head.json").read_text())
    built = {_name(one["variant"]): one for one in head["outcomes"]}
    prefix = f"{run.name}:" if run.name else ""
    return [
        _row(prefix, row, built.get(_name(row)), root, out / head["artifacts"], tuple(report["notes"]))
        for row in report["rows"]
    ]


def _row(prefix: str, row: Any, built: Any, root: Path, artifacts: Path, notes: tuple[str, ...]) -> Row:
    smoke, parity = row["smoke"], row["parity"] or {}
    status = row["status"] if row["status"] in ("failed", "skipped", "removed") else STATUS[smoke["status"]]
    about = [note for note in notes if row["model"] in note]
    return Row(
        variant=prefix + _name(row),
        status=status,
        sentences=(*row["reasons"], *([smoke["reason"]] if smoke["reason"] else []), *about),
        host_db=parity.get("sqnr_db"),
        device_db=smoke["sqnr_db"],
        size_bytes=row["head"]["size_bytes"] if row["head"] else None,
        compared=row["status"] in ("compared", "identical"),
        raw=row,
        built=built,
        root=root,
        artifacts=artifacts,
    )


def _name(variant: Any) -> str:
    return f"{variant['model']}/{variant['format']}/{variant['precision']}"


def _environment(expected: Expected, work: Path) -> dict[str, str]:
    # A temporary folder of its own: what a case forgets goes with it. Git must not find the repository around it.
    return {
        **os.environ,
        **expected.environment,
        "COLUMNS": "200",
        "GIT_CEILING_DIRECTORIES": str(work.parent),
        "POCKETFIT_BIN": str(Path(sys.executable).parent),
    }


def _children_s() -> float:
    times = os.times()
    return times.children_user + times.children_system
