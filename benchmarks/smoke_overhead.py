"""What a smoke test costs beside loading and running the artifact, on jvm and on a device that is up.

    .venv/bin/python -m benchmarks.smoke_overhead

Wall time of a smoke test minus load_ms and first_ms, over 10 tests of a small model; the runtime is there already.
For jvm that includes starting the JVM, for the device (the stand-in of standin/) its own JVM.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from pocketfit.devices.attached import AdbDevice
from pocketfit.devices.base import Device, Running
from pocketfit.devices.jvm import JvmDevice
from pocketfit.judge.golden import seeded_arrays, write_arrays
from pocketfit.records import DeviceSpec, InputSpec, SmokeInput
from pocketfit.runtimes.library import find_android
from standin.fixture import standin

TESTS = 10
MODEL = Path(__file__).parents[1] / "tests" / "data" / "torch-1.13.ptl"


def main() -> None:
    print("| device | seconds beside loading and running: median | largest |\n| :-- | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        inputs = write_arrays([("[0]", seeded_arrays([InputSpec((1, 3, 16, 16))])[0])], Path(folder), "input")
        given = SmokeInput("lite", MODEL, inputs, Path(folder))
        for name, device in devices():
            with device.up() as running:
                measure(running, given, Path(folder))
                seconds = [measure(running, given, Path(folder)) for _ in range(TESTS)]
            print(f"| {name} | {median(seconds):.2f} | {max(seconds):.2f} |", flush=True)


def devices() -> Iterator[tuple[str, Device]]:
    android = find_android()
    yield "jvm", JvmDevice(DeviceSpec(), android)
    with attached() as serial:
        yield "adb (stand-in)", AdbDevice(DeviceSpec(), android, serial=serial)


@contextmanager
def attached() -> Iterator[str]:
    with standin() as device:
        os.environ.update(device.environment)
        yield device.serial


def measure(device: Running, given: SmokeInput, folder: Path) -> float:
    began = time.perf_counter()
    run = device.smoke(given, folder)
    took = time.perf_counter() - began
    assert run.status == "passed", run.reason
    return took - ((run.load_ms or 0) + (run.first_ms or 0)) / 1000


if __name__ == "__main__":
    main()
