from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.commands.doctor import Finding
from pocketfit.commands.printed import (
    findings_json,
    manifest_of_file,
    print_exported,
    print_finding,
    print_smoke,
    smoke_json,
)
from pocketfit.commands.single import FileTrial
from pocketfit.records import Failed, Memory, Parity, Skipped, Smoke, TensorFile, Variant
from tests.unit.report.test_compare import NET, built, with_export

BUILT = with_export(
    built(4540), inputs=(TensorFile("[0]", "float32", (1, 3), "golden/input0.bin", "x"),), reasons=("a reason",)
)
FAILED = Failed(replace(NET, format="torchscript"), "it has no forward")
SKIPPED = Skipped(replace(NET, precision="fp16"), "no half-precision kernels")
FILES = {NET: Path("out/net.ptl")}
PASSED = FileTrial(NET, Smoke("passed", "", "jvm", "x86_64", "lite 1.12.2", 3.5, 1.25, parity=Parity(1e-6, 110.0)))
BROKEN = FileTrial(Variant("x", "lite", "fp32"), Smoke("failed", "it is no archive", "jvm"), ("a reason",))


def test_exported(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_exported([BUILT, FAILED, SKIPPED], FILES)
    assert capsys.readouterr().out.splitlines() == [
        "✓ out/net.ptl: 4.54 kB, download 4.44 kB; largest difference 1.0e-6, SQNR 120.0 dB against eager on this host",
        "    recipe: trace",
        "    a reason",
        "✗ net/torchscript/fp32 failed: it has no forward",
        "- net/lite/fp16 skipped: no half-precision kernels",
    ]
    assert not print_exported([BUILT, SKIPPED], FILES, quiet=True)
    assert capsys.readouterr().out == ""


def test_beside_json_lines_are_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_exported([FAILED], {}, to_stderr=True)
    print_smoke(Path("x.ptl"), BROKEN, to_stderr=True, quiet=True)
    assert capsys.readouterr() == ("", "✗ net/torchscript/fp32 failed: it has no forward\n✗ x.ptl (lite) failed: it is no archive [jvm]\n    a reason\n")  # fmt: skip


def test_the_manifest_of_one_file() -> None:
    manifest = json.loads(manifest_of_file(BUILT, Path("model_mobile.pt")))
    (entry,) = manifest["artifacts"]
    assert (entry["file"], entry["size_bytes"], entry["sha256"]) == ("model_mobile.pt", 4540, "aa")
    # There are no golden tensors beside it.
    assert entry["inputs"] == [{"path": "[0]", "dtype": "float32", "shape": [1, 3], "file": "", "name": "x"}]
    assert json.loads(manifest_of_file(FAILED, Path("x")))["artifacts"] == []


def test_smoke(capsys: pytest.CaptureFixture[str]) -> None:
    print_smoke(Path("net.ptl"), PASSED, quiet=True)
    print_smoke(Path("net.ptl"), PASSED)
    assert capsys.readouterr().out == (
        "✓ net.ptl (lite) passed: load 3.50 ms, first run 1.25 ms on jvm, x86_64, lite 1.12.2; "
        "largest difference 1.0e-6, SQNR 110.0 dB against eager\n"
    )
    first, second = json.loads(smoke_json([(Path("net.ptl"), PASSED), (Path("x.ptl"), BROKEN)]))
    assert (first["file"], first["smoke"]["status"], first["reference"]) == ("net.ptl", "passed", "eager")
    assert (second["smoke"]["reason"], second["reasons"]) == ("it is no archive", ["a reason"])


def test_a_file_on_an_emulated_processor(capsys: pytest.CaptureFixture[str]) -> None:
    emulated = replace(PASSED.smoke, abi="arm64-v8a", emulated_cpu="cortex-a76", load_ms=None, first_ms=None)
    print_smoke(Path("net.ptl"), replace(PASSED, smoke=emulated))
    assert capsys.readouterr().out == (
        "✓ net.ptl (lite) passed: on jvm, arm64-v8a, lite 1.12.2, cortex-a76 emulated, so nothing is timed; "
        "largest difference 1.0e-6, SQNR 110.0 dB against eager\n"
    )


@pytest.mark.parametrize(
    ("memory", "line"),
    [
        (Memory(74_170_000, None, 40_960), "memory: peak of the process 74.17 MB, 40.96 kB kept after 10 loads and releases"),
        (Memory(52_000_000, 832, -4096), "memory: 832 B planned, peak of the process 52.00 MB, 0 B kept after 10 loads and releases"),
        (Memory(planned_bytes=832), "memory: 832 B planned"),
    ],
)  # fmt: skip
def test_the_memory_of_a_file(capsys: pytest.CaptureFixture[str], memory: Memory, line: str) -> None:
    print_smoke(Path("net.ptl"), replace(PASSED, memory=memory))
    assert capsys.readouterr().out.splitlines()[1:] == [f"    {line}"]


def test_findings(capsys: pytest.CaptureFixture[str]) -> None:
    works, lacks = Finding("git", "2.39.5"), Finding("device adb", "", "not on PATH", needed=False)
    for finding in (works, lacks, Finding("Java", "", "not on PATH: apt-get install default-jre-headless")):
        print_finding(finding)
    assert capsys.readouterr().out.splitlines() == [
        "✓ git             2.39.5",
        "- device adb      not on PATH",
        "✗ Java            not on PATH: apt-get install default-jre-headless",
    ]
    print_finding(works, quiet=True)
    assert capsys.readouterr().out == ""
    assert json.loads(findings_json([works]))[0] == {"what": "git", "found": "2.39.5", "problem": "", "needed": True}
