"""Checks of a row that need code: expected.toml names them. Each returns what is wrong, or None."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cases.rows import Row

REPOSITORY = Path(__file__).resolve().parents[2]
# What a right file leaves at least, on inputs that nobody has tuned it for: see DEFAULT_MIN_SQNR_DB in judge/parity.py.
FLOOR_DB = {"fp32": 75.0, "fp16": 40.0, "int8": 10.0, "int8-dynamic": 10.0}
# A score may be better than the truth by this much and be luck.
LUCK_DB = 6.0


def agrees(row: Row) -> str | None:
    """The file answers as a fresh model does, over several calls on inputs that Pocketfit has not seen."""
    truth, precision = _truth(row), row.variant.split("/")[2]
    if truth["problem"]:
        return str(truth["problem"])
    if truth["sqnr_db"] is not None and truth["sqnr_db"] < FLOOR_DB[precision]:
        return f"{truth['sqnr_db']:.1f} dB on fresh inputs, where Pocketfit says {_shown(row.host_db)}"
    return None


def no_better_than_truth(row: Row) -> str | None:
    """The score on the host is not far above what the file reaches on inputs that it was not calibrated with."""
    truth_db = _truth(row)["sqnr_db"]
    if row.host_db is not None and truth_db is not None and row.host_db > truth_db + LUCK_DB:
        return f"{row.host_db:.1f} dB, where fresh inputs give {truth_db:.1f} dB"
    return None


def state_is_zero(row: Row) -> str | None:
    """The file's buffers are what the model starts with: zeros."""
    totals = _plain("buffers", {"file": str(_file(row))})
    wrong = {name: total for name, total in totals.items() if total}
    return f"buffers that are not zero: {wrong}" if wrong else None


def golden_input_is_negative(row: Row) -> str | None:
    """The golden input is the one that was made: standard normal, before forward clamped it."""
    import numpy as np

    tensor = row.built["inputs"][0]
    least = float(np.fromfile(row.artifacts / tensor["file"], dtype=tensor["dtype"]).min())
    return None if least < 0 else f"the smallest golden value is {least:g}"


def metric_as_eager(row: Row) -> str | None:
    metric = row.raw["metric"] or {}
    same = metric.get("head") is not None and metric["head"] == metric.get("eager")
    return None if same else f"eager's metric is {metric.get('eager')}, the file's {metric.get('head')}"


def convolutions_delegated(row: Row) -> str | None:
    left_out = (row.built["delegation"] or {"left_out": {}})["left_out"]
    left = {name: count for name, count in left_out.items() if "conv" in name}
    return f"left to portable kernels: {left}" if left else None


CHECKS = {
    check.__name__: check
    for check in (
        agrees,
        no_better_than_truth,
        state_is_zero,
        golden_input_is_negative,
        metric_as_eager,
        convolutions_delegated,
    )
}


def _truth(row: Row) -> Any:
    name, format_name, _ = row.variant.split(":")[-1].split("/")
    return _plain(
        "agreement",
        {"root": str(row.root), "model": name, "format": format_name, "file": str(_file(row)),
         "inputs": row.built["inputs"], "outputs": row.built["outputs"], "artifacts": str(row.artifacts)},
    )  # fmt: skip


def _plain(what: str, job: dict[str, Any]) -> Any:
    """What tests/cases/eager.py finds, in a process that knows nothing of Pocketfit."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.cases.eager", what, json.dumps(job)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["(it printed nothing)"]
        raise RuntimeError(f"the truth of {job.get('model', job['file'])} could not be computed: {lines[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def _file(row: Row) -> Path:
    return Path(row.artifacts / row.built["file"])


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.1f} dB"
