"""Every way the stand-in device can misbehave: what Pocketfit says, and after how long.

    .venv/bin/python -m benchmarks.device_faults            # prints the table of docs/verification.md

The faults of a device that is there are shown to `RunningAndroid`, those of a boot to `EmulatorDevice`, with limits of
10 s for an artifact and 25 s for a boot so that it ends.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pocketfit.devices.android.adb import Adb
from pocketfit.devices.android.comeback import Patience
from pocketfit.devices.android.device import opened
from pocketfit.devices.attached import AdbDevice
from pocketfit.devices.emulator.device import EmulatorDevice
from pocketfit.errors import EnvironmentProblem
from pocketfit.judge.golden import seeded_arrays, write_arrays
from pocketfit.process import run
from pocketfit.records import DeviceSpec, InputSpec, SmokeInput
from pocketfit.runtimes.library import find_android
from standin.fixture import StandIn, standin
from standin.image import BASE, build_image
from standin.server import adb_server

MODEL = Path(__file__).parents[1] / "tests" / "data" / "torch-1.13.ptl"
DEVICE_FAULTS = (
    "noise", "drop-push=1000000:once", "drop-push=1000000", "disk-full=1000000", "kill-app=0.05", "hang-app", "noexec",
    "reboot-after-run:once",
)  # fmt: skip
BOOT_FAULTS = ("boot-after=5", "packages-after=8", "never-boot", "die-in-boot=2", "offline")


def main() -> None:
    print("| fault | told to | status | what is said | seconds |\n| :-- | :-- | :-- | :-- | --: |", flush=True)
    with tempfile.TemporaryDirectory() as name:
        inputs = write_arrays([("[0]", seeded_arrays([InputSpec((1, 3, 16, 16))])[0])], Path(name), "input")
        given = SmokeInput("lite", MODEL, inputs, Path(name))
        for fault in DEVICE_FAULTS:
            with standin() as device:
                show(fault, "device", partial(on_device, device, fault, given, Path(name)))
        for fault in ("offline", "unauthorized"):
            with standin(faults=fault) as device:
                show(fault, "device", partial(unavailable, device))
        build_image(BASE, "pocketfit-faults:good")
        with adb_server(Path(name)) as environment:
            os.environ.update(environment)
            for fault in BOOT_FAULTS:
                image = faulty_image(fault, Path(name))
                show(fault, "emulator", partial(on_emulator, image, given, Path(name)))


def show(fault: str, where: str, attempt: Callable[[], tuple[str, str]]) -> None:
    began = time.monotonic()
    status, said = attempt()
    print(
        f"| `{fault}` | {where} | {status} | {said.replace('|', '/')[:160]} | {time.monotonic() - began:.0f} |",
        flush=True,
    )


def on_device(device: StandIn, fault: str, given: SmokeInput, folder: Path) -> tuple[str, str]:
    os.environ.update(device.environment)
    with opened(Adb(device.serial), find_android(), patience=Patience(artifact_s=10, back_s=30)) as running:
        device.set_fault(fault)
        # A reboot shows in the run after it.
        for _ in range(2 if fault.startswith("reboot") else 1):
            result = running.smoke(given, folder)
    return result.status, result.reason


def unavailable(device: StandIn) -> tuple[str, str]:
    os.environ.update(device.environment)
    reason = AdbDevice(DeviceSpec(), find_android(), serial=device.serial).unavailable()
    return ("exit code 3" if reason else "usable"), reason or ""


def on_emulator(image: str, given: SmokeInput, folder: Path) -> tuple[str, str]:
    try:
        with EmulatorDevice(DeviceSpec(), find_android(), image=image, boot_timeout_s=25).up() as running:
            result = running.smoke(given, folder)
    except EnvironmentProblem as problem:
        return "exit code 3", str(problem)
    return result.status, result.reason


def faulty_image(fault: str, folder: Path) -> str:
    tag = f"pocketfit-faults:{fault.replace('=', '-')}"
    (folder / "Dockerfile").write_text(f'FROM pocketfit-faults:good\nENV POCKETFIT_STANDIN_FAULTS="{fault}"\n')
    run("docker", "build", "-q", "-t", tag, "-f", folder / "Dockerfile", folder, timeout=120)
    return tag


if __name__ == "__main__":
    main()
    left = run("docker", "ps", "-aq", "--filter", "label=pocketfit.run", timeout=30)
    sys.exit(f"containers left: {left}" if left else 0)
