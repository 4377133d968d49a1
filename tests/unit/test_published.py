"""The published shape of every file of a run, schema 1: tests/data/published holds one of each, which never changes.

A version that reads or writes these records in another way breaks whoever reads our files, and reads no older run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pocketfit import out, store
from pocketfit.out import Out, find_entry
from pocketfit.records import (
    REPORTED_BY_MODEL,
    Anatomy,
    Built,
    Delegation,
    DeviceInfo,
    Environment,
    Evaluated,
    Export,
    Failed,
    Growth,
    Hardware,
    Latency,
    Limits,
    Load,
    Metric,
    OutputParity,
    Parity,
    Report,
    Row,
    SideFacts,
    Skipped,
    Smoke,
    Snapshot,
    TensorFile,
    Timing,
    Trial,
    TrialRow,
    Variant,
)

# What `reported_by_model` did not name when the published files were written.
NEW_NAMES = ("rows.layer_losses",)
PUBLISHED = Path(__file__).parent.parent / "data/published"

NET, BAD, LATER = Variant("net", "lite", "fp32"), Variant("bad", "torchscript", "int8"), Variant("net", "lite", "fp16")
PROGRAM = Variant("net", "executorch", "fp32")
IMAGE = TensorFile("[0]", "float32", (1, 3, 8, 8), "golden/net.lite.fp32/input0.bin", "image")
SCORES = TensorFile("['scores']", "float32", (1, 10), "golden/net.lite.fp32/output0.bin")
ANATOMY = Anatomy(
    modules={"features": 900, "": 4},
    dtypes={"float32": 904},
    parts={"code": 60, "data": 36},
    dropped_debug_bytes=17,
    format_version=8,
    macs={"features": 31_000_000},
)
DELEGATION = Delegation(delegated=68, total=70, left_out={"aten::relu": 2})
PARITY = Parity(
    max_abs_diff=1.1e-06,
    sqnr_db=118.25,
    argmax_agreement=1.0,
    cosine=0.999999,
    outputs=(
        OutputParity("['scores']", 1.1e-06, 118.25, 0.999999, 1.0, None, 4.5),
        OutputParity("['aux']", 0.0, degenerate="is all zeros"),
    ),
    input_sets=3,
)
LIMITS = {
    "net": Limits(48_000_000, Growth(ratio=0.01), 0.1, 1e-3, 40.0, 0.005),
    "bad": Limits(size_growth=Growth(size_bytes=200_000)),
}
RICH = Built(
    variant=NET,
    file="net.lite.fp32.ptl",
    size_bytes=1000,
    download_bytes=900,
    sha256="ab" * 32,
    export=Export(
        parameters=226,
        ops={"aten::conv2d": 2, "aten::relu": 1},
        inputs=(IMAGE,),
        outputs=(SCORES,),
        recipe=("trace", "freeze"),
        parity=PARITY,
        reasons=("TracerWarning: a “quoted” warning",),
        metric=Evaluated(0.98, 0.97),
        anatomy=ANATOMY,
    ),
    delegation=DELEGATION,
    build_s=12.5,
)
BARE = Built(PROGRAM, "net.executorch.fp32.pte", 10, 8, "cd" * 32, Export(3, {}, (), (), (), Parity()))
FAILED = Failed(BAD, "it has no forward", ("it warned before",), ("min_sqnr_db",), Parity(None, -300.0), build_s=3.5)
BASE = Snapshot(
    side="base",
    commit="27d5ce7f107fe9357f9df03efb73ab90386fccae",
    pocketfit="0.1.0",
    torch="2.12.1",
    artifacts="artifacts/base",
    outcomes=(
        RICH,
        Failed(PROGRAM, "the process was killed by SIGKILL"),
        Skipped(LATER, "executorch is not installed"),
    ),
)
HEAD = Snapshot("head", None, "0.1.0", "2.12.1", "artifacts/head", (RICH, BARE, FAILED), LIMITS, ("a note",))
PASSED = Smoke(
    status="passed",
    reason="",
    device="emulator",
    abi="x86_64",
    runtime="pytorch_android_lite 1.12.2",
    load_ms=350.5,
    first_ms=30.25,
    peak_rss_bytes=151_000_000,
    parity=Parity(
        max_abs_diff=2.9e-06,
        sqnr_db=108.04,
        argmax_agreement=1.0,
        cosine=0.99999,
        outputs=(OutputParity("['scores']", 2.9e-06, 108.04, 0.99999, 1.0, None, 4.5),),
    ),
)
HARDWARE = Hardware(
    model="sdk_gphone64_x86_64",
    android="13",
    api_level=33,
    page_size_bytes=4096,
    cores=2,
    free_memory_bytes=1_500_000_000,
)
TRIAL = Trial(
    DeviceInfo(
        kind="emulator",
        abi="x86_64",
        cpu="Xeon",
        threads=2,
        runtimes={"lite": "pytorch_android_lite 1.12.2"},
        notes=("no KVM here",),
        hardware=HARDWARE,
    ),
    (
        TrialRow(
            NET,
            PASSED,
            Smoke("failed", "on the device the largest difference from eager is 3", parity=Parity(3.0)),
            Timing((Load((1.0, 2.0), (1.5, 2.5), (1.5, 2.5), 9.0, 9.5, 3.0, 3.5, 99),), "", "emulator x86_64", 2, 7, 4),
            21.5,
        ),
        TrialRow(PROGRAM, None, Smoke("skipped", "no such runtime"), Timing(reason="it was not timed")),
        TrialRow(LATER, None, None),
    ),
)
FACTS = SideFacts(1000, 900, "ab" * 32, 226, {"aten::conv2d": 2}, ANATOMY, DELEGATION, 0.5)
REPORT = Report(
    verdict="fail",
    base="27d5ce7f107fe9357f9df03efb73ab90386fccae",
    head=None,
    pocketfit="0.1.0",
    environment=Environment(
        torch="2.12.1",
        device="emulator",
        runtime="pytorch_android_lite 1.12.2",
        cpu="Xeon",
        abi="x86_64",
        threads=2,
        hardware=HARDWARE,
    ),
    rows=(
        Row(
            model="net",
            format="lite",
            precision="fp32",
            status="failed",
            reasons=("on emulator: it crashed", "base: it fails on this runtime too: it crashed"),
            failed_limits=("size_growth",),
            base=SideFacts(10, 8, "cd" * 32, 3, {}),
            head=FACTS,
            parity=PARITY,
            metric=Metric(0.98, 0.98, 0.97),
            latency=Latency(
                "slower", "as measured", 1.332, 1.291, 1.381, 11.21, 14.93, 320, 8, 0.9875, 0.991, 1.012, 100.4, 110.6,
                30.2, 33.1, "emulator x86_64", 2, 7,
            ),
            smoke=PASSED,
        ),
        Row("bad", "torchscript", "int8", "skipped", smoke=Smoke("infra-error", "adb: device offline", "adb")),
    ),
    notes=("head is the working tree",),
    reported_by_model=tuple(name for name in REPORTED_BY_MODEL if name not in NEW_NAMES),
)  # fmt: skip


# Keys that came since the published files were written, as they are written where there is nothing to say.
NEW_KEYS = {
    "history": [],
    "trend": {"size_bytes": [], "latency_ms": [], "instructions": []},
    "later": [],
    "sandbox": None,
    "alone": False,
    "head_low_ms": None,
    "head_high_ms": None,
    "failed_before": False,
    "old_failures": "ignore",
    "minimum_change": None,
    "size_growth_over": None,
    "minor_below": None,
    "operator_times": None,
    "on_phone": {},
    "runtimes": [],
    "root_operators": None,
    "planned_bytes": None,
    "held_bytes": [],
    "memory": {"peak_rss_bytes": None, "planned_bytes": None, "retained_bytes": None},
    "peak_memory_growth": None,
    "planned_memory_growth": None,
    "instructions_growth": None,
    "memory_traffic_growth": None,
    "work": None,
    "base_work": None,
    "head_work": None,
    "layer_losses": [],
    "places": {},
    "runs_on": {},
    "emulated_cpu": None,
    "also": [],
}


def _without_new_keys(path: Path, **more: Any) -> bytes:
    new = NEW_KEYS | more

    def strip(value: Any) -> Any:
        match value:
            case dict():
                return {key: strip(item) for key, item in value.items() if (key, item) not in new.items()}
            case list():
                return [strip(item) for item in value]
        return value

    return (json.dumps(strip(json.loads(path.read_text())), indent=2, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize(
    ("name", "record", "read", "write"),
    [
        ("base.json", BASE, store.read_snapshot, store.write_snapshot),
        ("head.json", HEAD, store.read_snapshot, store.write_snapshot),
        ("trial.json", TRIAL, store.read_trial, store.write_trial),
        ("report.json", REPORT, store.read_report, store.write_report),
    ],
)
def test_files_of_older_runs_are_read_and_written_as_they_are(
    tmp_path: Path, name: str, record: object, read: Callable[[Path], Any], write: Callable[[Path, Any], None]
) -> None:
    assert read(PUBLISHED / name) == record
    write(tmp_path / name, record)
    assert _without_new_keys(tmp_path / name) == (PUBLISHED / name).read_bytes()


def test_a_manifest_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "built_runtimes", lambda: {"lite": "pytorch_android_lite 1.12.2"})
    Out(tmp_path).write_manifest(HEAD, TRIAL)
    assert _without_new_keys(Out(tmp_path).manifest("head"), schema=1) == (PUBLISHED / "manifest.json").read_bytes()
    rich, bare = (find_entry(PUBLISHED / built.file) for built in (RICH, BARE))
    assert rich is not None
    assert (rich.file, rich.inputs, rich.outputs, rich.smoke) == (RICH.file, (IMAGE,), (SCORES,), "failed")
    assert bare is not None
    assert (bare.sha256, bare.minimum_runtime, bare.format_version) == (BARE.sha256, None, None)
