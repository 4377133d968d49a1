from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocketfit import out
from pocketfit.out import Out, find_entry
from pocketfit.records import (
    Anatomy,
    Built,
    DeviceInfo,
    Export,
    Parity,
    Skipped,
    Smoke,
    Snapshot,
    TensorFile,
    Trial,
    TrialRow,
    Variant,
)

NET = Variant("net", "lite", "fp32")
IMAGE = TensorFile("[0]", "float32", (1, 3, 8, 8), "golden/net.lite.fp32/input0.bin", "image")
SCORES = TensorFile("['scores']", "float32", (1, 10), "golden/net.lite.fp32/output0.bin", "scores")
BUILT = Built(
    NET, "net.lite.fp32.ptl", 1000, 900, "ab" * 32,
    Export(7, {}, (IMAGE,), (SCORES,), ("trace", "freeze"), Parity(), anatomy=Anatomy(format_version=8)),
)  # fmt: skip
SNAPSHOT = Snapshot(
    "head", "c" * 40, "0.1.0", "2.12.1", ".", (BUILT, Skipped(Variant("net", "executorch", "fp32"), "not here"))
)
TRIAL = Trial(DeviceInfo("jvm", "x86_64", "", 1, {}), (TrialRow(NET, None, Smoke("passed")),))


def test_what_an_app_needs_to_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "built_runtimes", lambda: {"lite": "pytorch_android_lite 1.12.2"})
    Out(tmp_path).write_manifest(SNAPSHOT, TRIAL)
    assert json.loads((tmp_path / "artifacts/head/manifest.json").read_text()) == {
        "schema": 1,
        "pocketfit": "0.1.0",
        "torch": "2.12.1",
        "commit": "c" * 40,
        "artifacts": [
            {
                "file": "net.lite.fp32.ptl",
                "model": "net",
                "format": "lite",
                "precision": "fp32",
                "size_bytes": 1000,
                "sha256": "ab" * 32,
                "recipe": ["trace", "freeze"],
                "inputs": [
                    {
                        "path": "[0]",
                        "dtype": "float32",
                        "shape": [1, 3, 8, 8],
                        "file": "golden/net.lite.fp32/input0.bin",
                        "name": "image",
                    }
                ],
                "outputs": [
                    {
                        "path": "['scores']",
                        "dtype": "float32",
                        "shape": [1, 10],
                        "file": "golden/net.lite.fp32/output0.bin",
                        "name": "scores",
                    }
                ],
                "download_bytes": 900,
                "parameters": 7,
                "minimum_runtime": "pytorch_android_lite 1.12.2",
                "format_version": 8,
                "smoke": "passed",
                "later": [],
                "planned_bytes": None,
            }
        ],
    }
    entry = find_entry(tmp_path / "artifacts/head/net.lite.fp32.ptl")
    assert entry is not None
    assert (entry.inputs, entry.outputs) == ((IMAGE,), (SCORES,))


def test_without_a_device_and_without_the_android_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCKETFIT_ANDROID", str(tmp_path / "nowhere"))
    Out(tmp_path).write_manifest(SNAPSHOT)
    entry = find_entry(tmp_path / "artifacts/head/net.lite.fp32.ptl")
    assert entry is not None
    assert (entry.minimum_runtime, entry.smoke) == (None, None)


@pytest.mark.parametrize("text", [None, "{", "{}"])
def test_no_manifest_that_can_be_read(tmp_path: Path, text: str | None) -> None:
    folder = tmp_path / "artifacts/head"
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "manifest.json").write_text(text)
    assert find_entry(tmp_path / "artifacts/head/net.lite.fp32.ptl") is None


def test_every_file_of_the_contract() -> None:
    folder = Out(Path("pocketfit-out"))
    assert [str(path) for path in (
        folder.report_json, folder.report_md, folder.report_html, folder.trial, folder.snapshot("base"),
        folder.snapshot("head"), folder.artifacts("base"), folder.manifest("head"), folder.log("head.net.lite.fp32"),
    )] == [
        "pocketfit-out/report.json", "pocketfit-out/report.md", "pocketfit-out/report.html", "pocketfit-out/trial.json",
        "pocketfit-out/base.json", "pocketfit-out/head.json", "pocketfit-out/artifacts/base",
        "pocketfit-out/artifacts/head/manifest.json", "pocketfit-out/logs/head.net.lite.fp32.log",
    ]  # fmt: skip
