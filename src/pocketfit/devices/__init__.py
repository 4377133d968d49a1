"""The devices we try models on. To add one, write a module and list it here."""

from __future__ import annotations

from collections.abc import Callable

from pocketfit.devices.base import Device
from pocketfit.devices.jvm import JvmDevice
from pocketfit.records import DeviceSpec

DEVICES: dict[str, Callable[[DeviceSpec], Device]] = {"jvm": JvmDevice}
