from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pocketfit import store
from pocketfit.errors import ConfigError
from pocketfit.records import (
    REPORTED_BY_MODEL,
    Built,
    Delegation,
    DeviceInfo,
    Export,
    Failed,
    Growth,
    Latency,
    Limits,
    Load,
    Metric,
    Parity,
    Skipped,
    Smoke,
    Snapshot,
    TensorFile,
    Timing,
    Trial,
    TrialRow,
    Variant,
)
from tests.unit.report.samples import CALM, EVERYTHING, GREW

NET = Variant("net", "lite", "fp32")
TENSOR = TensorFile("[0]['aux']", "float32", (1, 3), "golden/net.0.bin")
SNAPSHOT = Snapshot(
    side="head",
    commit="bbbca2ddaa5d8feaa63e36b76fdaad77386f024f",
    pocketfit="0.1.0",
    torch="2.12.1",
    artifacts="artifacts/head",
    outcomes=(
        Built(
            NET,
            "net.ptl",
            10,
            8,
            "ab" * 32,
            Export(3, {"aten::relu": 1}, (TENSOR,), (TENSOR,), ("trace",), Parity(0.0, 300.0)),
        ),
        Failed(
            Variant("bad", "lite", "fp32"), "it has no forward", ("warned",), ("min_sqnr_db",), Parity(None, -300.0)
        ),
        Skipped(Variant("net", "executorch", "fp32"), "executorch is not installed"),
    ),
    limits={"net": Limits(size_bytes=48_000_000, size_growth=Growth(ratio=0.01), max_abs_diff=1e-3)},
    notes=("calibrated on the example inputs",),
)
TRIAL = Trial(
    DeviceInfo("jvm", "x86_64", "Xeon", 1, {"lite": "pytorch_android_lite 1.12.2"}),
    (
        TrialRow(
            NET,
            None,
            Smoke("passed", load_ms=3.5),
            Timing((Load((1.0, 2.0), (1.5, 2.5), (1.5, 2.5), 9.0),), "", "jvm x86_64", 1, 7, 2),
        ),
    ),
)


def test_round_trips(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    store.write_snapshot(path, SNAPSHOT)
    assert store.read_snapshot(path) == SNAPSHOT
    store.write_trial(path, TRIAL)
    assert store.read_trial(path) == TRIAL
    store.write_report(path, EVERYTHING)
    assert store.read_report(path) == EVERYTHING


def test_a_report_as_its_users_read_it(tmp_path: Path) -> None:
    assert GREW.head is not None
    row = replace(
        GREW,
        reasons=("too big",),
        failed_limits=("size",),
        metric=Metric(0.98, 0.98, 0.97),
        head=replace(GREW.head, delegation=Delegation(68, 70, {"aten::relu": 2})),
        latency=replace(GREW.latency, device="host, executorch 1.3.1, 1 thread"),
    )
    store.write_report(tmp_path / "report.json", replace(CALM, verdict="fail", rows=(row,), notes=("a note",)))

    text = (tmp_path / "report.json").read_text()
    assert text.startswith('{\n  "schema": 1,\n  "verdict": "fail",\n')
    assert json.loads(text) == {
        "schema": 1,
        "verdict": "fail",
        "base": "27d5ce7f107fe9357f9df03efb73ab90386fccae",
        "head": "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f",
        "pocketfit": "0.1.0",
        "environment": {
            "torch": "2.12.1",
            "device": "jvm",
            "runtime": "pytorch_android_lite 1.12.2",
            "cpu": "Intel Xeon Platinum 8481C",
            "abi": "x86_64",
            "threads": 1,
            "model": None,
            "android": None,
            "api_level": None,
            "page_size_bytes": None,
            "cores": None,
            "free_memory_bytes": None,
            "sandbox": None,
        },
        "rows": [
            {
                "model": "mobilenet_v2",
                "format": "lite",
                "precision": "fp32",
                "status": "failed",
                "reasons": ["too big"],
                "failed_limits": ["size"],
                "base": {
                    "size_bytes": 13995123,
                    "download_bytes": 12901000,
                    "sha256": "aa" * 32,
                    "parameters": 3504872,
                    "ops": {"aten::conv2d": 52, "aten::add": 10},
                    "anatomy": None,
                    "delegation": None,
                    "fp32_ratio": None,
                    "on_phone": {},
                    "memory": {"peak_rss_bytes": None, "planned_bytes": None, "retained_bytes": None},
                    "work": None,
                    "operator_times": None,
                },
                "head": {
                    "size_bytes": 19607468,
                    "download_bytes": 18001234,
                    "sha256": "bb" * 32,
                    "parameters": 3504872,
                    "ops": {"aten::conv2d": 58, "aten::add": 10, "aten::relu": 2},
                    "anatomy": None,
                    "delegation": {"delegated": 68, "total": 70, "left_out": {"aten::relu": 2}},
                    "fp32_ratio": None,
                    "on_phone": {},
                    "memory": {"peak_rss_bytes": None, "planned_bytes": None, "retained_bytes": None},
                    "work": None,
                    "operator_times": None,
                },
                "parity": {
                    "max_abs_diff": 1.1e-06,
                    "sqnr_db": 118.0,
                    "argmax_agreement": 1.0,
                    "cosine": None,
                    "outputs": [],
                    "input_sets": None,
                },
                "metric": {"eager": 0.98, "base": 0.98, "head": 0.97},
                "latency": {
                    "verdict": "slower",
                    "reason": "",
                    "ratio": 1.332,
                    "ci_low": 1.291,
                    "ci_high": 1.381,
                    "base_ms": 11.21,
                    "head_ms": 14.93,
                    "rounds": 320,
                    "loads": 8,
                    "confidence": 0.9875,
                    "noise_low": 0.991,
                    "noise_high": 1.012,
                    "base_load_ms": 100.4,
                    "head_load_ms": 110.6,
                    "base_first_ms": 30.2,
                    "head_first_ms": 33.1,
                    "device": "host, executorch 1.3.1, 1 thread",
                    "threads": 1,
                    "seed": 7,
                    "head_low_ms": None,
                    "head_high_ms": None,
                },
                "smoke": {
                    "status": "passed",
                    "reason": "",
                    "device": "jvm",
                    "abi": "x86_64",
                    "runtime": "pytorch_android_lite 1.12.2",
                    "load_ms": 350.0,
                    "first_ms": 30.0,
                    "peak_rss_bytes": 151000000,
                    "max_abs_diff": 2.9e-06,
                    "sqnr_db": 108.04,
                    "argmax_agreement": 1.0,
                    "cosine": None,
                    "outputs": [],
                    "held_bytes": [],
                    "emulated_cpu": None,
                },
                "failed_before": False,
                "layer_losses": [],
                "runs_on": {},
                "also": [],
                "minor_below": None,
                "trend": {"size_bytes": [], "latency_ms": [], "instructions": []},
            }
        ],
        "notes": ["a note"],
        "reported_by_model": list(REPORTED_BY_MODEL),
        "runtimes": [],
        "history": [],
    }


def test_what_is_not_a_number_was_not_measured(tmp_path: Path) -> None:
    row = replace(GREW, parity=Parity(math.nan, math.inf, 0.5), latency=Latency("unclear", ratio=-math.inf))
    path = tmp_path / "report.json"

    store.write_report(path, replace(CALM, rows=(row,)))

    read = store.read_report(path).rows[0]
    assert (read.parity, read.latency) == (Parity(None, None, 0.5), Latency("unclear"))


def test_any_text_a_model_prints_can_be_stored_and_is_cleaned_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    store.write_report(path, replace(CALM, notes=('lone \udc80 surrogate, "quotes", \x00 and \n',)))
    assert store.read_report(path).notes == ('lone ? surrogate, "quotes", and',)


def changed(value: Any, place: tuple[str | int, ...], new: Any) -> str:
    """`value` as JSON with one place set to `new`, or removed where `new` is `...`."""
    document = json.loads(json.dumps(store.plain(value)))
    inside = document
    for step in place[:-1]:
        inside = inside[step]
    if new is ...:
        del inside[place[-1]]
    else:
        inside[place[-1]] = new
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not JSON (EOF while parsing a value at line 1 column 0)"),
        ("{", "it is not JSON (EOF while parsing an object at line 1 column 1)"),
        ("null", "it is null, not a report"),
        ("[]", "it should be an object, not []"),
        (changed(CALM, ("schema",), 2), "schema should be 1, not 2"),
        (changed(CALM, ("head",), ...), "head is missing"),
        (changed(CALM, ("extra",), 1), "extra is not a known key"),
        (changed(CALM, ("verdict",), "fine"), "verdict should be 'pass', 'fail' or 'error', not \"fine\""),
        (changed(CALM, ("environment", "threads"), "1"), 'environment.threads should be a valid integer, not "1"'),
        (changed(CALM, ("environment", "threads"), True), "environment.threads should be a valid integer, not true"),
        (changed(CALM, ("rows", 0, "head", "size_bytes"), 1.5), "rows[0].head.size_bytes should be a valid integer"),
        (changed(CALM, ("rows", 0, "head", "size_bytes"), None), "rows[0].head.size_bytes should be a valid integer"),
        (changed(CALM, ("rows", 0, "size"), 1), "rows[0].size is not a known key"),
        (
            changed(CALM, ("rows", 0, "smoke", "sqnr_db"), "1"),
            'rows[0].smoke.sqnr_db should be a valid number, not "1"',
        ),
        (changed(CALM, ("rows", 0, "smoke", "parity"), {"sqnr_db": 1.0}), "rows[0].smoke.parity is not a known key"),
        (changed(CALM, ("rows", 0, "smoke", "input_sets"), 1), "rows[0].smoke.input_sets is not a known key"),
        (changed(CALM, ("rows", 0, "latency", "ratio"), math.nan), "rows[0].latency.ratio should be a finite number"),
        (changed(CALM, ("rows", 0, "base", "size_bytes"), 10**30), "rows[0].base.size_bytes is a larger number than"),
    ],
)
def test_a_bad_report(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        store.read_report(path)
    assert str(caught.value).startswith(f"{path}: {problem}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "new", "problem"),
    [
        (("outcomes", 1, "reason"), ..., "outcomes[1].reason is missing"),
        (("outcomes", 0, "sha256"), 7, "outcomes[0].sha256 should be a valid string, not 7"),
        (("outcomes", 2, "variant", "modell"), "x", "outcomes[2].variant.modell is not a known key"),
        (
            ("outcomes", 0, "inputs", 0, "shape"),
            [1, "3"],
            'outcomes[0].inputs[0].shape[1] should be a valid integer, not "3"',
        ),
        (("limits", "net", "size"), "48 MB", "limits.net.size is not a known key"),
        # Names that are the user's, though outcomes have such a key and such kinds too.
        (("outcomes", 0, "ops"), {"state": "x"}, 'outcomes[0].ops.state should be a valid integer, not "x"'),
        (("limits",), {"Built": {"size": 1}}, "limits.Built.size is not a known key"),
    ],
)
def test_a_bad_snapshot_names_the_key_of_the_right_kind(
    tmp_path: Path, place: tuple[str | int, ...], new: Any, problem: str
) -> None:
    path = tmp_path / "head.json"
    path.write_text(changed(SNAPSHOT, place, new))
    with pytest.raises(ConfigError) as caught:
        store.read_snapshot(path)
    assert str(caught.value) == f"{path}: {problem}"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        store.read_trial(tmp_path / "trial.json")
    assert str(caught.value) == f"{tmp_path}/trial.json can't be read: No such file or directory"


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "trial.json").write_bytes(b'{"device": "\xff"}')
    with pytest.raises(ConfigError, match="it is not JSON"):
        store.read_trial(tmp_path / "trial.json")


def test_importing_it_loads_no_pydantic() -> None:
    heavy = "{'pydantic', 'scipy', 'torch', 'numpy'}"
    code = f"import sys, pocketfit.store, pocketfit.report.compare; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_file_that_would_block_or_fill_the_memory(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with (tmp_path / "sparse.json").open("wb") as file:
        file.truncate(1 << 40)
    for read, size_bytes in (
        (store.read_snapshot, 67108864),
        (store.read_trial, 67108864),
        (store.read_report, 67108864),
        (store.read_foreign_report, 8388608),
    ):
        with pytest.raises(ConfigError, match=r"pipe.json can't be read: pipe.json is not a regular file"):
            read(tmp_path / "pipe.json")
        with pytest.raises(
            ConfigError, match=rf"sparse.json can't be read: sparse.json is larger than {size_bytes} bytes"
        ):
            read(tmp_path / "sparse.json")
