"""The devices we try models on. To add one, write a module and list it here, with what it takes of the options."""

from __future__ import annotations

from collections.abc import Callable

from pocketfit.devices.base import Device, DeviceOptions
from pocketfit.devices.jvm import JvmDevice
from pocketfit.records import DeviceSpec

DEVICES: dict[str, Callable[[DeviceSpec, DeviceOptions], Device]] = {
    "jvm": lambda spec, options: JvmDevice(spec, user=options.user),
}
