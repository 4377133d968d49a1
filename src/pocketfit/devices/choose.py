"""Which device to use: the command line's word, else the configuration's, else what is here."""

from __future__ import annotations

from dataclasses import dataclass

from pocketfit.devices.base import Device
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.records import DeviceSpec


@dataclass(frozen=True)
class Choice:
    """`device` is None where none was wanted; `note` says what was chosen and why, where the user had not said."""

    device: Device | None
    note: str = ""


def choose_device(spec: DeviceSpec, kind: str | None, user: str | None = None) -> Choice:
    """Raises ConfigError for a device that we don't know, EnvironmentProblem for one that can't be used here."""
    from pocketfit.config import DEVICES as KNOWN
    from pocketfit.devices import DEVICES

    wanted = kind or spec.kind
    if wanted not in KNOWN:
        raise ConfigError(f"unknown device {wanted!r}: use one of {', '.join(KNOWN)}")
    if wanted == "none":
        return Choice(None, "not tried on a device, since none was wanted (--device none)")
    if wanted != "auto" and wanted not in DEVICES:
        raise ConfigError(f"device {wanted} is not in this version of Pocketfit: use --device jvm")
    device = DEVICES["jvm" if wanted == "auto" else wanted](spec, user=user)
    if reason := device.unavailable():
        raise EnvironmentProblem(f"device {device.kind} can't be used: {reason}")
    return Choice(
        device, "device auto: jvm, the Android libraries in a JVM on this machine" if wanted == "auto" else ""
    )
