"""What works here and what does not, with the next step for each."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from pocketfit.backends import BACKENDS
from pocketfit.backends.recipe import no_xnnpack
from pocketfit.errors import CommandError, PocketfitError
from pocketfit.process import finish, run
from pocketfit.records import DeviceSpec


@dataclass(frozen=True)
class Finding:
    """`problem` is empty where it works; `needed` is False for what only some users need."""

    what: str
    found: str
    problem: str = ""
    needed: bool = True


def examine() -> tuple[Finding, ...]:
    checks: tuple[Callable[[], Finding], ...] = (
        _python,
        _git,
        _torch,
        _executorch,
        _java,
        _android,
        _adb,
        _docker,
        _kvm,
    )
    return tuple(check() for check in checks)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding(
        "Python", version, "" if fine else "Pocketfit's torch has wheels for Python 3.11 to 3.13 only: use one of them"
    )


def _git() -> Finding:
    try:
        return Finding("git", run("git", "--version", timeout=10).strip().removeprefix("git version "))
    except CommandError:
        return Finding("git", "", "not on PATH: apt-get install git")


def _torch() -> Finding:
    # In a process of its own: loading torch takes seconds and gigabytes that nothing else here needs.
    code = "import torch, torch.backends.xnnpack as x; print(torch.__version__, x.enabled)"
    done = finish([sys.executable, "-P", "-c", code], timeout=120, env=dict(os.environ))
    if done.code:
        return Finding("torch", "", "not installed: pip install -r requirements/torch.txt")
    version, enabled = done.stdout.split()
    return Finding("torch", version, "" if enabled == "True" else no_xnnpack())


def _executorch() -> Finding:
    if reason := BACKENDS["executorch"].unfit():
        return Finding("executorch", "", reason, needed=False)
    return Finding("executorch", version("executorch"))


def _java() -> Finding:
    try:
        done = finish(["java", "-version"], timeout=20)
    except CommandError:
        return Finding("Java", "", "not on PATH: apt-get install default-jre-headless")
    # Every JVM prints its version to stderr.
    lines = done.stderr.splitlines() or ["?"]
    return Finding("Java", lines[0], "" if done.code == 0 else lines[-1])


def _android() -> Finding:
    from pocketfit.devices import DEVICES
    from pocketfit.devices.base import DeviceOptions

    device = DEVICES["jvm"](DeviceSpec(), DeviceOptions())
    try:
        reason = device.unavailable()
    except PocketfitError as error:
        reason = str(error)
    if reason:
        return Finding("device jvm", "", reason)
    return Finding("device jvm", ", ".join(device.info().runtimes.values()))


def _adb() -> Finding:
    found = shutil.which("adb")
    return Finding("adb", found or "", "" if found else "not on PATH: apt-get install adb", needed=False)


def _docker() -> Finding:
    usable = os.access("/var/run/docker.sock", os.W_OK)
    return Finding(
        "Docker",
        "/var/run/docker.sock" if usable else "",
        "" if usable else "its socket can't be written: start dockerd, or join the group docker",
        needed=False,
    )


def _kvm() -> Finding:
    usable = os.access("/dev/kvm", os.R_OK | os.W_OK)
    problem = "/dev/kvm can't be opened, so no emulator: enable virtualization, or join the group kvm"
    return Finding("KVM", "/dev/kvm" if usable else "", "" if usable else problem, needed=False)
