"""The report of a run that was stopped: what it had found, and what it had not tried."""

from __future__ import annotations

from pathlib import Path

from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.snapshot import Side
from pocketfit.records import (
    Built,
    Config,
    DeviceInfo,
    Export,
    Failed,
    ModelSpec,
    Parity,
    Smoke,
    Timing,
    TrialRow,
    Variant,
)
from pocketfit.report.markdown import render_markdown
from pocketfit.store import parse_foreign_report, write_report
from pocketfit.trial.so_far import SoFar, cut_short

A, B, C = (Variant(name, "lite", "fp32") for name in "abc")
CONFIG = Config(tuple(ModelSpec(name, "net.py:net", formats=("lite",), precisions=("fp32",)) for name in "abc"))
HEAD = Side("head", Path("/head"), "h" * 40, CONFIG, ("a note",))
BASE = Side("base", Path("/base"), "b" * 40, CONFIG)
DEVICE = DeviceInfo("jvm", "x86_64", "Xeon", 1, {"lite": "pytorch_android_lite 1.12.2"})


def built(variant: Variant, sha256: str) -> Built:
    return Built(variant, f"{variant.stem}.ptl", 10, 9, sha256, Export(1, {}, (), (), (), Parity(1e-6, 120.0)))


def report_of(so_far: SoFar) -> tuple[object, list[tuple[object, ...]]]:
    snapshots = so_far.snapshots()
    report = cut_short(snapshots.get("base"), snapshots["head"], so_far.trial(snapshots["head"]))
    assert (report.verdict, report.notes[0]) == (
        "error",
        "this report is cut short, since the run was stopped: what it had not tried yet is skipped",
    )
    rows = [
        (row.model, row.status, row.reasons, row.smoke.status, row.smoke.reason, row.latency.reason)
        for row in report.rows
    ]
    return report, rows


NO_ARTIFACT = ("there is no artifact of head", "there is no artifact of head")
STOPPED = "not tried, since the run was stopped"


def test_before_anything_was_built() -> None:
    _, rows = report_of(SoFar((HEAD,), Sandbox()))
    assert rows == [(name, "skipped", (STOPPED,), "skipped", *NO_ARTIFACT) for name in "abc"]


def test_while_it_builds(tmp_path: Path) -> None:
    so_far = SoFar((BASE, HEAD), Sandbox(), DEVICE)
    so_far.add_outcome("base", built(A, "1"), "2.12.1")
    so_far.add_outcome("head", Failed(B, "it can't be imported"), "")
    so_far.add_outcome("head", built(A, "2"), "2.12.1")
    report, rows = report_of(so_far)
    assert rows == [
        ("a", "compared", (), "skipped", STOPPED, "not timed, since the run was stopped"),
        ("b", "failed", ("it can't be imported", f"base: {STOPPED}"), "skipped", *NO_ARTIFACT),
        ("c", "skipped", (STOPPED, f"base: {STOPPED}"), "skipped", *NO_ARTIFACT),
    ]
    write_report(tmp_path / "report.json", report)  # type: ignore[arg-type]
    assert parse_foreign_report((tmp_path / "report.json").read_bytes(), "it") == report
    assert "this report is cut short" in render_markdown(report)  # type: ignore[arg-type]


def test_on_the_device() -> None:
    so_far = SoFar((BASE, HEAD), Sandbox(), DEVICE)
    for variant in (A, B, C):
        for name in ("base", "head"):
            so_far.add_outcome(name, built(variant, f"{variant}{name}"), "2.12.1")  # type: ignore[arg-type]
    passed = Smoke("passed", device="jvm")
    so_far.add_row(TrialRow(A, passed, passed))
    so_far.add_row(TrialRow(A, passed, passed, Timing(reason="no load gave times that make sense")))
    so_far.add_row(TrialRow(B, passed, passed))
    _, rows = report_of(so_far)
    assert rows == [
        ("a", "compared", (), "passed", "", "no load gave times that make sense"),
        ("b", "compared", (), "passed", "", "not timed, since the run was stopped"),
        ("c", "compared", (), "skipped", STOPPED, "not timed, since the run was stopped"),
    ]


def test_without_a_device() -> None:
    so_far = SoFar((HEAD,), Sandbox())
    so_far.add_outcome("head", built(A, "1"), "2.12.1")
    _, rows = report_of(so_far)
    assert rows[0] == ("a", "new", (), "skipped", "no device was used", "there is no base to time it against")
