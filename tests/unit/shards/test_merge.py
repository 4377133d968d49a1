"""What shards leave in their folders, as one report."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.records import (
    Built,
    DeviceInfo,
    Export,
    Hardware,
    History,
    Outcome,
    Parity,
    Skipped,
    Smoke,
    Snapshot,
    TensorFile,
    Trial,
    TrialRow,
    Variant,
)
from pocketfit.report.compare import compare
from pocketfit.shards.merge import merge
from pocketfit.shards.plan import Shard
from pocketfit.store import read_report, read_snapshot, read_trial, write_report, write_snapshot, write_trial
from tests.unit.history.samples import entry, variant

A, B, C = (Variant(name, "lite", "fp32") for name in "abc")
DEVICE = DeviceInfo(
    "jvm", "x86_64", "Xeon", 1, {"lite": "pytorch_android_lite 1.12.2"}, hardware=Hardware(cores=2, free_memory_bytes=7)
)
PASSED = Smoke("passed", "", "jvm", "x86_64")


def built(variant: Variant, content: str) -> Built:
    golden = TensorFile("", "float32", (1,), f"golden/{variant.stem}/input0.bin")
    return Built(
        variant, f"{variant.stem}.ptl", len(content), 1, hashlib.sha256(content.encode()).hexdigest(),
        Export(1, {}, (golden,), (), (), Parity(1e-6, 120.0)),
    )  # fmt: skip


def put(folder: Path, *variants: Variant, base: bool = True, device: DeviceInfo | None = DEVICE, **more: Any) -> Path:
    """A folder as a run leaves it: base and head of each variant, both passed, and their files."""
    sides = {}
    for name in ("base", "head") if base else ("head",):
        outcomes: tuple[Outcome, ...] = tuple(built(one, f"{name}{one.model}") for one in variants)
        side = Snapshot(name, name[0] * 40, "0.1.0", "2.12.1", f"artifacts/{name}", outcomes)  # type: ignore[arg-type]
        sides[name] = replace(side, **more)
        for one in outcomes:
            assert isinstance(one, Built)
            for file, text in ((one.file, f"{name}{one.variant.model}"), (one.export.inputs[0].file, "1234")):
                path = folder / "artifacts" / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        write_snapshot(folder / f"{name}.json", sides[name])
    trial = None
    if device:
        device = replace(device, notes=(*device.notes, f"chosen in {folder.name}"))
        trial = Trial(device, tuple(TrialRow(one, PASSED, PASSED) for one in variants))
        write_trial(folder / "trial.json", trial)
    write_report(folder / "report.json", compare(sides.get("base"), sides["head"], trial))
    return folder


def planned(*variants: Sequence[Variant]) -> tuple[Shard, ...]:
    return tuple(Shard(number, tuple(mine)) for number, mine in enumerate(variants, 1))


def test_shards_become_one_run(tmp_path: Path) -> None:
    folders = [put(tmp_path / "2", B), put(tmp_path / "1", A, C)]
    out = tmp_path / "out"

    report = merge(folders, planned([A, C], [B]), out)

    assert (report.verdict, report.base, report.head) == ("pass", "b" * 40, "h" * 40)
    assert [(row.model, row.status, row.smoke.status) for row in report.rows] == [
        ("a", "compared", "passed"),
        ("c", "compared", "passed"),
        ("b", "compared", "passed"),
    ]
    assert report.notes == ("chosen in 2", "chosen in 1")
    assert read_report(out / "report.json") == report
    assert [one.variant for one in read_snapshot(out / "head.json").outcomes] == [A, C, B]
    assert read_snapshot(out / "base.json").artifacts == "artifacts/base"
    assert read_trial(out / "trial.json").device == replace(DEVICE, notes=("chosen in 2", "chosen in 1"))
    assert (out / "artifacts/base/b.lite.fp32.ptl").read_text() == "baseb"
    assert (out / "artifacts/head/golden/c.lite.fp32/input0.bin").read_text() == "1234"
    entries = json.loads((out / "artifacts/head/manifest.json").read_text())["artifacts"]
    assert [entry["file"] for entry in entries] == ["a.lite.fp32.ptl", "c.lite.fp32.ptl", "b.lite.fp32.ptl"]
    assert [entry["smoke"] for entry in entries] == ["passed"] * 3
    assert {path.name for path in out.iterdir()} >= {"report.md", "report.html"}


def test_a_history_is_of_all_shards(tmp_path: Path) -> None:
    folders = [put(tmp_path / "2", B), put(tmp_path / "1", A)]
    past = History((entry(1, variant(700, "a"), variant(800, "b")),), ("1 of 2 entries is left out",))

    report = merge(folders, planned([A], [B]), tmp_path / "out", past)

    assert [row.trend.size_bytes for row in report.rows] == [(700,), (800,)]
    assert "1 of 2 entries is left out" in report.notes


def test_a_lost_shard_is_a_row_and_no_pass(tmp_path: Path) -> None:
    (tmp_path / "2").mkdir()
    report = merge([put(tmp_path / "1", A), tmp_path / "2"], planned([A], [B, C]), tmp_path / "out")
    assert report.verdict == "error"
    assert [(row.model, row.status, row.reasons, row.smoke.status) for row in report.rows] == [
        ("a", "compared", (), "passed"),
        ("b", "skipped", ("its shard did not report",), "infra-error"),
        ("c", "skipped", ("its shard did not report",), "infra-error"),
    ]
    assert report.notes[-1] == (
        f"a shard's results are not used: {tmp_path}/2 holds no report.json, so it is not what a finished "
        "`pocketfit run --out` wrote"
    )
    for name in ("report.md", "report.html"):
        assert "its shard did not report" in (tmp_path / "out" / name).read_text()


def test_a_failure_outweighs_a_lost_shard(tmp_path: Path) -> None:
    folder = put(tmp_path / "1", A)
    failed = Smoke("failed", "no such operator")
    write_trial(folder / "trial.json", Trial(DEVICE, (TrialRow(A, PASSED, failed),)))
    assert merge([folder], planned([A], [B]), tmp_path / "out").verdict == "fail"


def test_all_shards_are_lost(tmp_path: Path) -> None:
    with pytest.raises(
        EnvironmentProblem, match=r"^no shard has reported: a shard's results are not used: .*/gone holds no"
    ):
        merge([tmp_path / "gone"], planned([A]), tmp_path / "out")


def test_what_only_base_has_is_not_lost(tmp_path: Path) -> None:
    folder = put(tmp_path / "1", A)
    write_snapshot(folder / "head.json", replace(read_snapshot(folder / "head.json"), outcomes=()))
    report = merge([folder], planned([A]), tmp_path / "out")
    assert [(row.model, row.status) for row in report.rows] == [("a", "removed")]


def test_different_machines_are_told(tmp_path: Path) -> None:
    folders = [
        put(tmp_path / "1", A),
        put(
            tmp_path / "2",
            B,
            device=replace(DEVICE, cpu="EPYC", hardware=Hardware(cores=4, free_memory_bytes=8)),
            torch="2.12.2",
        ),
        put(tmp_path / "3", C, device=None),
    ]
    report = merge(folders, (), tmp_path / "out")
    environment = report.environment
    assert (environment.cpu, environment.hardware) == ("Xeon / EPYC", Hardware())
    assert "not all shards used one torch: 2.12.1, 2.12.2" in report.notes
    assert "the shards ran on different processors (Xeon, EPYC): compare times within a row only" in report.notes
    assert report.rows[2].smoke == Smoke("skipped", "it was not part of the trial")


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"commit": "c" * 40}, f"different head commits: {'h' * 40} in {{0}}/1, {'c' * 40} in {{0}}/2"),
        ({"base": False}, f"different base commits: {'b' * 40} in {{0}}/1, none in {{0}}/2"),
        ({"pocketfit": "0.2.0"}, "different versions of Pocketfit: 0.1.0 in {0}/1, 0.2.0 in {0}/2"),
    ],
)
def test_shards_of_different_runs(tmp_path: Path, other: dict[str, Any], sentence: str) -> None:
    folders = [put(tmp_path / "1", A), put(tmp_path / "2", B, **other)]
    with pytest.raises(ConfigError) as caught:
        merge(folders, (), tmp_path / "out")
    assert str(caught.value) == f"these are not shards of one run, since they have {sentence.format(tmp_path)}"


def test_a_shard_that_is_given_twice(tmp_path: Path) -> None:
    folders = [put(tmp_path / "1", A), put(tmp_path / "2", A)]
    with pytest.raises(ConfigError, match=r"/1 and .*/2 both have a/lite/fp32: give each shard once"):
        merge(folders, (), tmp_path / "out")


def test_without_a_plan_every_folder_must_be_whole(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no report.json, so it is not what a finished"):
        merge([put(tmp_path / "1", A), tmp_path / "2"], (), tmp_path / "out")


def test_a_shard_is_not_overwritten(tmp_path: Path) -> None:
    folder = put(tmp_path / "1", A)
    with pytest.raises(
        ConfigError, match=r"/1 is a shard's own folder: name another, since its files would be overwritt"
    ):
        merge([folder], (), folder)
    assert (folder / "artifacts/head/a.lite.fp32.ptl").read_text() == "heada"


def test_sides_that_were_swapped(tmp_path: Path) -> None:
    folder = put(tmp_path / "1", A)
    (folder / "base.json").rename(folder / "head.json")
    with pytest.raises(ConfigError, match=r"base.json and head.json are not of the sides that they are named after"):
        merge([folder], (), tmp_path / "out")


def test_artifacts_that_were_not_handed_over(tmp_path: Path) -> None:
    folder = put(tmp_path / "1", A)
    (folder / "artifacts/base/a.lite.fp32.ptl").unlink()
    report = merge([folder], (), tmp_path / "out")
    assert report.notes[-1] == "base's artifacts of these were not handed over: a/lite/fp32"
    assert json.loads((tmp_path / "out/artifacts/base/manifest.json").read_text())["artifacts"] == []


def swap(folder: Path) -> None:
    (folder / "artifacts/head/a.lite.fp32.ptl").write_text("evil")


def link(folder: Path) -> None:
    path = folder / "artifacts/head/a.lite.fp32.ptl"
    path.unlink()
    path.symlink_to("/etc/passwd")


def link_folder(folder: Path) -> None:
    (folder / "artifacts/head/golden").rename(folder / "golden")
    (folder / "artifacts/head/golden").symlink_to(folder / "golden")


def share(folder: Path) -> None:
    (folder / "other").hardlink_to(folder / "artifacts/head/a.lite.fp32.ptl")


def inflate(folder: Path) -> None:
    os.truncate(folder / "artifacts/head/a.lite.fp32.ptl", 1 << 40)


def link_snapshot(folder: Path) -> None:
    (folder / "head.json").rename(folder / "other.json")
    (folder / "head.json").symlink_to("other.json")


def block(folder: Path) -> None:
    (folder / "trial.json").unlink()
    os.mkfifo(folder / "trial.json")


def inflate_snapshot(folder: Path) -> None:
    os.truncate(folder / "base.json", 1 << 40)


def lose(folder: Path) -> None:
    (folder / "artifacts/head/golden/a.lite.fp32/input0.bin").unlink()


def climb(folder: Path) -> None:
    head = read_snapshot(folder / "head.json")
    (outcome,) = head.outcomes
    assert not isinstance(outcome, Skipped)
    write_snapshot(folder / "head.json", replace(head, outcomes=(replace(outcome, file="../../../etc/passwd"),)))


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (swap, "a.lite.fp32.ptl is not the file that its snapshot describes: its SHA-256 differs"),
        (link, "a.lite.fp32.ptl can't be taken over: [Errno 40] Too many levels of symbolic links"),
        (link_folder, "input0.bin can't be taken over: [Errno 20] Not a directory"),
        (share, "can't be taken over: a.lite.fp32.ptl has another name too (a hard link)"),
        (inflate, "can't be taken over: a.lite.fp32.ptl is larger than 2000000000 bytes"),
        (link_snapshot, "head.json can't be used: Too many levels of symbolic links"),
        (block, "trial.json can't be used: trial.json is not a regular file"),
        (inflate_snapshot, "base.json can't be read: base.json is larger than 67108864 bytes"),
        (lose, "input0.bin can't be taken over: "),
        (climb, "a shard names a file '../../../etc/passwd', which is no path inside its artifacts"),
    ],
)
def test_nobody_is_trusted(tmp_path: Path, harm: Any, sentence: str) -> None:
    folder = put(tmp_path / "1", A)
    harm(folder)
    with pytest.raises(ConfigError) as caught:
        merge([folder], (), tmp_path / "out")
    assert sentence in str(caught.value)
