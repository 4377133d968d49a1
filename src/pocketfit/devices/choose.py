"""Chooses the device: the command line's word counts, else the configuration's, else what is here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from pocketfit.devices import DEVICES
from pocketfit.devices.android.server import server_runs
from pocketfit.devices.base import Device, DeviceOptions
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.records import DeviceSpec

# What `--device` and the configuration take.
CHOICES = ("auto", *DEVICES, "none")


@dataclass(frozen=True)
class Choice:
    """The devices to try in turn until one comes up: none where none was wanted, one where the user named it.

    `note` says what was chosen and why, where the user had not said.
    """

    devices: tuple[Device, ...] = ()
    note: str = ""


def choose_device(spec: DeviceSpec, kind: str | None, options: DeviceOptions) -> Choice:
    """Choose by `kind`, where the command line gave one, else by `spec`.

    Raises ConfigError for a device that we don't know, EnvironmentProblem for one that can't be used here.
    """
    kind = kind or spec.kind
    if kind not in CHOICES:
        raise ConfigError(f"unknown device {kind!r}: use one of {', '.join(CHOICES)}")
    if kind == "none":
        return Choice(note="not tried on a device, since none was wanted (--device none)")
    if kind == "auto":
        return _automatic(spec, options, os.environ)
    device = DEVICES[kind](spec, options)
    if reason := device.unavailable():
        raise EnvironmentProblem(f"device {device.kind} can't be used: {reason}")
    return Choice((device,))


def _automatic(spec: DeviceSpec, options: DeviceOptions, environ: Mapping[str, str]) -> Choice:
    """Choose adb where exactly one device answers, in a GitHub job the emulator where it can run, otherwise jvm."""
    usable: list[Device] = []
    reasons: list[str] = []
    for kind in automatic_kinds(environ):
        device = DEVICES[kind](spec, options)
        if reason := device.unavailable():
            reasons.append(f"{kind}: {reason}")
        else:
            usable.append(device)
    if not usable:
        raise EnvironmentProblem(f"device auto: nothing can be used here ({'; '.join(reasons)})")
    chosen = {
        "adb": "adb, since exactly one device answers",
        "emulator": "emulator, since this is a GitHub job with Docker and /dev/kvm",
        "jvm": "jvm, the Android libraries in a JVM on this machine" + (f" ({'; '.join(reasons)})" if reasons else ""),
    }[usable[0].kind]
    return Choice(tuple(usable), f"device auto: {chosen}")


def automatic_kinds(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The devices worth asking: a laptop boots no emulator that nobody asked for.

    adb is asked where its server runs already: where nobody asked for a device, none is started beside model code.
    """
    adb = ("adb",) if shutil.which("adb") and server_runs(environ) else ()
    emulator = ("emulator",) if environ.get("GITHUB_ACTIONS") == "true" else ()
    return (*adb, *emulator, "jvm")
