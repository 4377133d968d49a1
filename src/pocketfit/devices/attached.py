"""Device `adb`: a phone or an emulator that is already there."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from pocketfit.devices.android.adb import Adb, Listed, list_devices, next_step
from pocketfit.devices.android.device import RunningAndroid, opened
from pocketfit.devices.android.server import server_for_now
from pocketfit.devices.base import NOTHING_ATTACHED, required
from pocketfit.errors import EnvironmentProblem
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import AndroidSide


class AdbDevice:
    """The device with this `serial`, or the only one. `android` may be the sentence that says why there is none."""

    kind = "adb"

    def __init__(self, spec: DeviceSpec, android: AndroidSide | str, *, serial: str | None = None) -> None:
        self.android = android
        self.serial = serial
        self.threads = spec.threads

    def unavailable(self) -> str | None:
        if shutil.which("adb") is None:
            return "adb is not on PATH: apt-get install adb"
        try:
            required(self.android)
            chosen = self._pick()
        except EnvironmentProblem as problem:
            return str(problem)
        return chosen if isinstance(chosen, str) else None

    def summary(self) -> str:
        return str(self._pick())

    @contextlib.contextmanager
    def up(self) -> Iterator[RunningAndroid]:
        with server_for_now():
            chosen = pick(list_devices(), self.serial)
            if isinstance(chosen, str):
                raise EnvironmentProblem(chosen)
            with opened(Adb(chosen.serial), required(self.android), threads=self.threads) as running:
                yield running

    def _pick(self) -> Listed | str:
        """Look for the device before anything is built: no server is left for model code to speak to."""
        with server_for_now():
            return pick(list_devices(), self.serial)


def pick(devices: tuple[Listed, ...], serial: str | None) -> Listed | str:
    """The device to use, or the sentence that says why there is none."""
    named = [device for device in devices if serial in (None, device.serial)]
    all_of_them = ", ".join(map(str, devices)) or "none"
    match named:
        case []:
            problem = f"there is no device {serial!r}" if serial else NOTHING_ATTACHED
            return f"{problem} (`adb devices` lists {all_of_them}): plug one in, or use --device jvm"
        case [device] if device.state == "device":
            return device
        case [device]:
            return f"{device.serial} is {device.state}: {next_step(device.state)}"
    return f"{len(named)} devices are attached: choose one with --serial ({all_of_them})"
