"""Device `adb`: a phone or an emulator that is already there."""

from __future__ import annotations

import shutil
from pathlib import Path

from pocketfit.devices.android.adb import Adb, Listed, list_devices, next_step
from pocketfit.devices.android.device import AndroidDevice
from pocketfit.devices.base import DeviceRun
from pocketfit.errors import EnvironmentProblem
from pocketfit.records import DeviceInfo, DeviceSpec, Load, SmokeInput
from pocketfit.runtimes.library import find_android


class AdbDevice:
    """The device with this `serial`, or the only one."""

    kind = "adb"

    def __init__(self, spec: DeviceSpec, *, serial: str | None = None) -> None:
        self.serial = serial
        self.threads = spec.threads
        self._device: AndroidDevice | None = None

    def unavailable(self) -> str | None:
        if shutil.which("adb") is None:
            return "adb is not on PATH: apt-get install adb"
        try:
            find_android()
            found = pick(list_devices(), self.serial)
        except EnvironmentProblem as problem:
            return str(problem)
        return found if isinstance(found, str) else None

    def summary(self) -> str:
        return str(pick(list_devices(), self.serial))

    def start(self) -> None:
        found = pick(list_devices(), self.serial)
        if isinstance(found, str):
            raise EnvironmentProblem(found)
        self._device = AndroidDevice(Adb(found.serial), threads=self.threads)
        self._device.open()

    def stop(self) -> None:
        if self._device is not None:
            self._device.close()

    def info(self) -> DeviceInfo:
        return self._up().info()

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        return self._up().smoke(given, folder)

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        return self._up().time_load(base, head, seed=seed, rounds=rounds, budget_ms=budget_ms)

    def _up(self) -> AndroidDevice:
        if self._device is None:
            raise EnvironmentProblem("the device was not started")
        return self._device


def pick(devices: tuple[Listed, ...], serial: str | None) -> Listed | str:
    """The device to use, or why there is none."""
    named = [one for one in devices if serial in (None, one.serial)]
    all_of_them = ", ".join(map(str, devices)) or "none"
    match named:
        case []:
            what = f"there is no device {serial!r}" if serial else "no device is attached"
            return f"{what} (`adb devices` lists {all_of_them}): plug one in, or use --device jvm"
        case [one] if one.state == "device":
            return one
        case [one]:
            return f"{one.serial} is {one.state}: {next_step(one.state)}"
    return f"{len(named)} devices are attached: choose one with --serial ({all_of_them})"
