"""Describes an emulator's container, asks whether its Android can be used, and explains one that never can."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pocketfit.devices.android.adb import Adb
from pocketfit.devices.emulator.docker import RUN_LABEL, Container, Machine
from pocketfit.devices.emulator.docker_problems import KILLED, KVM, OUT_OF_MEMORY
from pocketfit.devices.reason import shorten
from pocketfit.errors import CommandError

ADB_PORT = 5555
POLL_TIMEOUT_S = 20
MIB = 1 << 20


@dataclass(frozen=True)
class Wait:
    """The next thing, in this order, that a booting device lacks; `error` is adb's last word, if that was an error."""

    lacks: Literal["adb", "sys.boot_completed", "the package manager"]
    error: str = ""


def emulator_container(
    image: str, labels: Mapping[str, str], attempt: int, network: str | None, machine: Machine
) -> Container:
    """The container, with room left on the machine: a quarter of its memory for Android, half of its cores."""
    memory_mib = min(max(machine.memory_bytes // MIB // 4, 2048), 4096)
    cores = min(max(machine.cores // 2, 2), 4, machine.cores)
    return Container(
        name=f"pocketfit-emulator-{labels[RUN_LABEL]}-{attempt}",
        image=image,
        labels=labels,
        devices=(f"{KVM}:{KVM}:rwm",),
        # What halimqarroum/docker-android reads; images that don't know these ignore them.
        environment={
            "MEMORY": str(memory_mib),
            "CORES": str(cores),
            "SKIP_AUTH": "true",
            "DISABLE_ANIMATION": "true",
        },
        network=network,
        port=ADB_PORT,
        # The emulator has threads and memory of its own beside those that Android sees.
        memory_bytes=(memory_mib + 2048) * MIB,
        cores=min(cores + 1, machine.cores),
    )


def still_waits_for(adb: Adb) -> Wait | None:
    """Ask a device what it has not got yet; None once it can be used."""
    try:
        if adb.getprop("sys.boot_completed") != "1":
            return Wait("sys.boot_completed")
    except CommandError as error:
        # Nothing is there yet, or it is offline: connecting again is what brings it back.
        with contextlib.suppress(CommandError):
            adb.connect()
        return Wait("adb", str(error))
    try:
        # Boot is complete some seconds before this answers, and until then nothing can be started.
        packages = adb.shell("cmd package list packages", timeout=POLL_TIMEOUT_S)
    except CommandError as error:
        return Wait("the package manager", str(error))
    return None if "package:" in packages else Wait("the package manager")


def explain_end(end: str, printed: str, image: str) -> str:
    """Explain a container that ended before its Android was up."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    last_line = f" ({shorten(lines[-1])})" if lines else ""
    of_memory = end in (OUT_OF_MEMORY, KILLED)
    step = "use a machine with more memory" if of_memory else f"is {image} an Android emulator's image?"
    return f"the emulator's container {end}{last_line}: {step}"


def explain_timeout(wait: Wait, image: str, limit_s: float) -> str:
    """Explain a container that runs, and whose Android did not come up in time."""
    error = f" ({shorten(wait.error)})" if wait.error else ""
    if wait.lacks == "adb":
        return (
            f"nothing on port {ADB_PORT} answers adb in {limit_s:.0f} s{error}: is {image} an Android emulator's image?"
        )
    if wait.lacks == "sys.boot_completed":
        return f"Android did not boot in {limit_s:.0f} s: use a machine with more cores, or --device jvm"
    return (
        f"Android booted, but its package manager did not answer in {limit_s:.0f} s{error}: try again, or --device jvm"
    )
