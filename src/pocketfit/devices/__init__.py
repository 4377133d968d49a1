"""The devices we try models on. To add one, write a module and list it here, with what it takes of the options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pocketfit.devices.base import Device, DeviceOptions
    from pocketfit.records import DeviceSpec

# The ABIs that a JVM can have Android's libraries of; device `jvm` says which can be used here.
ABIS = ("x86_64", "arm64-v8a")


# Imported when asked for: whoever only needs the names, as the configuration does, loads none of them.
def _jvm(spec: DeviceSpec, options: DeviceOptions) -> Device:
    from pocketfit.devices.jvm import JvmDevice

    return JvmDevice(spec, options.android, limits=options.limits, walled=options.walled)


def _adb(spec: DeviceSpec, options: DeviceOptions) -> Device:
    from pocketfit.devices.attached import AdbDevice

    return AdbDevice(spec, options.android, serial=options.serial)


def _emulator(spec: DeviceSpec, options: DeviceOptions) -> Device:
    from pocketfit.devices.emulator.device import EmulatorDevice

    return EmulatorDevice(spec, options.android, image=options.emulator_image, log_folder=options.log_folder)


DEVICES: Mapping[str, Callable[[DeviceSpec, DeviceOptions], Device]] = {
    "jvm": _jvm,
    "adb": _adb,
    "emulator": _emulator,
}
