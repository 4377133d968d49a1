"""A .pte on the older runtimes that a device has: judged by the same outputs and limits as on its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketfit.devices.base import DeviceRun
from pocketfit.judge.golden import write_arrays
from pocketfit.records import DeviceInfo, Limits, Load, RunsOn, Smoke, SmokeInput, Variant
from pocketfit.trial.older import try_older

NET = Variant("net", "executorch", "fp32")
FINE = RunsOn("runs", "prediction", "ET")


@dataclass
class Versions:
    """A device whose versions of a runtime each add a number to what they are given; None refuses the file."""

    adds: dict[str, float | None]
    own: str = ""

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("jvm", "x86_64", "a desk", 1, {"executorch": f"ET {self.own}"})

    def at(self, version: str) -> Versions | None:
        return Versions(self.adds, version) if version in self.adds else None

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        adds = self.adds[self.own]
        if adds is None:
            return DeviceRun("failed", "it lacks a kernel", f"ET {self.own}")
        values = np.fromfile(given.folder / given.inputs[0].file, dtype="<f4") + adds
        return DeviceRun(
            "passed", "", f"ET {self.own}", 5.0, 1.0, 1000, write_arrays([("[0]", values)], folder, "out"), True
        )

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        return "nothing is timed on them"


def test_each_version_that_the_device_has_is_tried_and_compared(tmp_path: Path) -> None:
    values = np.array([-1, 1, -2, 2], dtype=np.float32)
    tensors = write_arrays([("[0]", values)], tmp_path, "tensor")
    given = SmokeInput("executorch", tmp_path / "net.pte", tensors, tmp_path)
    device = Versions({"1.0": None, "1.1": 0.0, "1.2": 3.0})
    predicted = {version: FINE for version in ("1.0", "1.1", "1.2", "1.3")}

    found = try_older(device, NET, given, (tensors,), Limits(), predicted, Smoke("passed"))

    assert {version: (one.status, one.known_by, one.library) for version, one in found.items()} == {
        "1.0": ("refused", "run", "ET 1.0"),
        "1.1": ("runs", "run", "ET 1.1"),
        "1.2": ("differs", "run", "ET 1.2"),
    }
    assert found["1.0"].reason == "it lacks a kernel"
    assert found["1.1"].max_abs_diff == 0
    assert found["1.2"].max_abs_diff == 3
    # Where the device could not try it at all, and of versions that nobody asked for.
    assert try_older(device, NET, given, (tensors,), Limits(), predicted, Smoke("skipped")) == {}
    assert try_older(device, NET, given, (tensors,), Limits(), {}, Smoke("passed")) == {}
