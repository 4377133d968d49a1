"""Chooses the device: the command line's word counts, else the configuration's, else what is here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pocketfit.devices import DEVICES
from pocketfit.devices.android.server import server_runs
from pocketfit.devices.base import NOTHING_ATTACHED, Device, DeviceOptions
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.records import DeviceSpec

# What `--device` and the configuration take.
CHOICES = ("auto", *DEVICES, "none")
IMAGE_VARIABLE = "POCKETFIT_EMULATOR_IMAGE"


@dataclass(frozen=True)
class Choice:
    """The devices to try in turn until one comes up: none where none was wanted, one where the user named it.

    `note` says what was chosen and why, where the user had not said. `also` are ABIs, each with the device that is
    tried besides.
    """

    devices: tuple[Device, ...] = ()
    note: str = ""
    also: tuple[tuple[str, Device], ...] = ()


def choose_device(spec: DeviceSpec, kind: str | None, options: DeviceOptions) -> Choice:
    """Choose by `kind`, where the command line gave one, else by `spec`.

    Raises ConfigError for a device that we don't know, EnvironmentProblem for one that can't be used here.
    """
    choice = _chosen(spec, kind, options)
    if not choice.devices:
        return choice
    also = ((abi, DEVICES["jvm"](replace(spec, kind="jvm", abi=abi), options)) for abi in spec.also)
    return replace(choice, also=tuple(also))


def _chosen(spec: DeviceSpec, kind: str | None, options: DeviceOptions) -> Choice:
    kind = kind or spec.kind
    if kind == "auto" and spec.abi:
        kind = "jvm"
    if kind not in CHOICES:
        raise ConfigError(f"unknown device {kind!r}: use one of {', '.join(CHOICES)}")
    for named, option in _named_by(options, os.environ).items():
        if kind not in ("auto", named):
            raise ConfigError(f"{option}, and the device is {kind}: use --device {named}")
        kind = named
    if kind == "none":
        return Choice(note="not tried on a device, since none was wanted (--device none)")
    if kind == "auto":
        return _automatic(spec, options, os.environ)
    device = DEVICES[kind](spec, options)
    if reason := device.unavailable():
        raise EnvironmentProblem(f"device {device.kind} can't be used: {reason}")
    return Choice((device,))


def _named_by(options: DeviceOptions, environ: Mapping[str, str]) -> dict[str, str]:
    """The devices that options are of alone, each with the words that say so: whoever gives one asks for its device.

    A variable of the environment is there for whoever may come to use it.
    """
    named = {}
    if options.serial:
        named["adb"] = "--serial names an attached device"
    if options.emulator_image and options.emulator_image != environ.get(IMAGE_VARIABLE):
        named["emulator"] = "--emulator-image names an emulator"
    return named


def _automatic(spec: DeviceSpec, options: DeviceOptions, environ: Mapping[str, str]) -> Choice:
    """Choose adb where exactly one device answers, in a GitHub job the emulator where it can run, otherwise jvm."""
    usable: list[Device] = []
    reasons: dict[str, str] = {}
    for kind in automatic_kinds(environ):
        device = DEVICES[kind](spec, options)
        if reason := device.unavailable():
            reasons[kind] = reason
        else:
            usable.append(device)
    if not usable:
        raise EnvironmentProblem(f"device auto: nothing can be used here ({_each_once(reasons)})")
    chosen = {
        "adb": "device auto: adb, since exactly one device answers",
        "emulator": "device auto: emulator, since this is a GitHub job with Docker and /dev/kvm",
        "jvm": f"tried on jvm, since {_why_not_others(reasons)}",
    }[usable[0].kind]
    return Choice(tuple(usable), chosen)


def _each_once(reasons: Mapping[str, str]) -> str:
    """What is the matter with all devices, where several have the same reason that once."""
    kinds: dict[str, list[str]] = {}
    for kind, reason in reasons.items():
        kinds.setdefault(reason, []).append(kind)
    return "; ".join(f"{' and '.join(named)}: {reason}" for reason, named in kinds.items())


def _why_not_others(reasons: Mapping[str, str]) -> str:
    """Why it came down to jvm, without the advice to plug in what nobody has."""
    phone = reasons.get("adb", "")
    if "adb" not in reasons:
        first = "no adb server runs here"
    elif phone.startswith(NOTHING_ATTACHED):
        first = "no phone is attached"
    else:
        first = f"adb can't be used: {phone}"
    others = [f"{kind} can't be used: {reason}" for kind, reason in reasons.items() if kind != "adb"]
    return "; ".join([first, *others])


def automatic_kinds(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The devices worth asking: a laptop boots no emulator that nobody asked for.

    adb is asked where its server runs already: where nobody asked for a device, none is started beside model code.
    """
    adb = ("adb",) if shutil.which("adb") and server_runs(environ) else ()
    emulator = ("emulator",) if environ.get("GITHUB_ACTIONS") == "true" else ()
    return (*adb, *emulator, "jvm")
