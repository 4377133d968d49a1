"""The devices we try models on. To add one, write a module and list it here."""

from __future__ import annotations

from collections.abc import Callable

from pocketfit.devices.base import Device
from pocketfit.devices.jvm import JvmDevice

# Each takes the configuration, and `user`: the name to run artifacts as, where we are root.
DEVICES: dict[str, Callable[..., Device]] = {"jvm": JvmDevice}
