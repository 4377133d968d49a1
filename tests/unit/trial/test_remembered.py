"""An unchanged file that passed before, on the same device and inputs, is not tried again: whatever changes, it is."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from pocketfit.cache.kept import Cache
from pocketfit.devices.base import Conditions, DeviceRun
from pocketfit.judge.golden import write_arrays
from pocketfit.records import (
    Anatomy,
    Built,
    DeviceInfo,
    Export,
    Limits,
    Load,
    Parity,
    SideName,
    SmokeInput,
    Snapshot,
    TensorFile,
    Trial,
    Variant,
)
from pocketfit.trial.remembered import KeptTrials
from pocketfit.trial.trial import Artifacts, run_trial

NET = Variant("net", "lite", "fp32")


@dataclass
class Doubler:
    """A runtime that answers with twice its input, plus what stands in the artifact, and counts what it ran."""

    folder: Path
    runtime: str = "a runtime"
    threads: int = 1
    ran: list[str] = field(default_factory=list)
    kind: str = "jvm"

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo(self.kind, "x86_64", "a desk", self.threads, {"lite": self.runtime})

    def conditions(self) -> Conditions:
        return Conditions({"runtime": self.runtime, "threads": str(self.threads)}, (self.folder,))

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        text = given.artifact.read_text()
        self.ran.append(text)
        values = np.fromfile(given.folder / given.inputs[0].file, dtype="<f4") * 2 + float(text)
        return DeviceRun(
            "passed", "", self.runtime, 5.0, 1.0, 1000, write_arrays([("", values)], folder, "answer")
        )  # fmt: skip

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        return Load((1.0, 1.0), (2.0, 2.0), (2.0, 2.0))


class Phone(Doubler):
    """A device that says nothing of its conditions."""

    conditions = None  # type: ignore[assignment]


@dataclass
class World:
    folder: Path
    device: Doubler
    texts: dict[SideName, str] = field(default_factory=lambda: {"base": "0", "head": "0"})
    limits: Limits = field(default_factory=Limits)
    ops: dict[str, int] = field(default_factory=dict)
    values: tuple[float, ...] = (-1, 1, -1, 1)
    # Of the source, which is not in the file.
    names: dict[str, int] = field(default_factory=dict)

    def side(self, name: SideName) -> Artifacts:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        write_arrays([("", np.array(self.values, dtype=np.float32))], folder, "input")
        write_arrays([("", np.array(self.values, dtype=np.float32) * 2)], folder, "output")
        text = self.texts[name]
        (folder / "net.ptl").write_text(text)
        tensors = [(TensorFile("", "float32", (4,), f"{kind}0.bin"),) for kind in ("input", "output")]
        export = Export(0, self.ops, *tensors, (), Parity(), anatomy=Anatomy(modules=self.names))
        built = Built(NET, "net.ptl", 1, 1, text, export, build_s=2.0)
        return Artifacts(Snapshot(name, None, "0", "2", ".", (built,), {"net": self.limits}), folder)

    def run(self) -> Trial:
        (self.folder / "cache").mkdir(exist_ok=True)
        cache = Cache(self.folder / "cache", 1_000_000, "here")
        trial = run_trial(self.device, self.side("base"), self.side("head"), kept=KeptTrials(cache, self.device))
        cache.close()
        return trial


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("pocketfit.cache.kept.surroundings", lambda memo: {"packages": "1"})
    (tmp_path / "java").mkdir()
    (tmp_path / "java" / "runner.jar").write_text("1")
    return World(tmp_path, Doubler(tmp_path / "java"))


def test_an_unchanged_file_is_tried_once_and_its_times_are_of_no_other_run(world: World) -> None:
    (first,) = world.run().rows
    again = world.run()
    (row,) = again.rows
    assert world.device.ran == ["0"]
    assert first.head
    assert (first.head.load_ms, first.head.first_ms) == (5.0, 1.0)
    assert row.head == replace(first.head, load_ms=None, first_ms=None)
    assert (row.base, row.timing) == (None, None)
    assert again.device.notes == (
        "1 unchanged file was not tried again: an earlier run did so on the same runtime and inputs, "
        "and all was well (cache)",
    )


CHANGES: dict[str, Callable[[World], object]] = {
    "the file": lambda world: world.texts.update(base="0.0", head="0.0"),
    "the golden tensors": lambda world: setattr(world, "values", (-1, 1, -1, 2)),
    "what was said of it": lambda world: setattr(world, "ops", {"aten::conv2d": 1}),
    "the model's limits": lambda world: setattr(world, "limits", Limits(max_abs_diff=1e-9)),
    "the runtime": lambda world: setattr(world.device, "runtime", "another"),
    "the threads": lambda world: setattr(world.device, "threads", 2),
    "the program for the device": lambda world: (world.folder / "java/runner.jar").write_text("2"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_it_is_tried_again(change: str, world: World) -> None:
    world.run()
    CHANGES[change](world)
    world.run()
    assert len(world.device.ran) == 2


def test_installed_packages_count_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run()
    monkeypatch.setattr("pocketfit.cache.kept.surroundings", lambda memo: {"packages": "2"})
    world.run()
    assert world.device.ran == ["0", "0"]


def test_a_pair_that_changed_is_tried_in_one_run(world: World) -> None:
    """Peaks of two runs are nothing to compare."""
    world.texts["head"] = "0.0"
    for _ in range(2):
        world.run()
    assert world.device.ran == ["0.0", "0"] * 2


def test_a_file_that_was_new_or_changed_is_known_once_nothing_changes(world: World) -> None:
    """As on the pull request after the one that changed it."""
    world.texts["head"] = "0.0"
    world.run()
    world.texts["base"] = "0.0"
    world.names = {"features": 7}
    (row,) = world.run().rows
    assert world.device.ran == ["0.0", "0"]
    assert row.head
    assert (row.head.status, row.head.load_ms) == ("passed", None)


def test_what_failed_is_tried_again(world: World) -> None:
    world.texts = {"base": "1", "head": "1"}
    for _ in range(2):
        (row,) = world.run().rows
        assert row.head
        assert row.head.status == "failed"
    assert world.device.ran == ["1", "1"]


def test_on_a_phone_nothing_is_known_of_the_next_time(world: World) -> None:
    world.device = Phone(world.folder / "java", kind="adb")
    for _ in range(2):
        assert world.run().device.notes == ()
    assert world.device.ran == ["0", "0"]


def test_a_record_that_says_something_else_is_not_taken(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.run()
    cache = Cache(world.folder / "cache", 1_000_000, "here")
    (place,) = (world.folder / "cache").glob("trials/*/*")
    found = cache.entries.find("trials", place.name)
    assert found
    record = json.loads(found.record) | {"status": "failed"}
    cache.entries.keep("trials", place.name, json.dumps(record), {})
    with caplog.at_level(logging.WARNING):
        world.run()
    assert caplog.messages == [
        "cache: what was kept of trial net/lite/fp32 is damaged and is made again: it is no trial that passed"
    ]
    assert world.device.ran == ["0", "0"]
