"""The devices we try models on. To add one, write a module and list it here, with what it takes of the options."""

from __future__ import annotations

from collections.abc import Callable

from pocketfit.devices.adb import AdbDevice
from pocketfit.devices.base import Device, DeviceOptions
from pocketfit.devices.emulator import EmulatorDevice
from pocketfit.devices.jvm import JvmDevice
from pocketfit.records import DeviceSpec

DEVICES: dict[str, Callable[[DeviceSpec, DeviceOptions], Device]] = {
    "adb": lambda spec, options: AdbDevice(spec, serial=options.serial),
    "emulator": lambda spec, options: EmulatorDevice(spec, image=options.emulator_image, log_folder=options.log_folder),
    "jvm": lambda spec, options: JvmDevice(spec, user=options.user),
}
