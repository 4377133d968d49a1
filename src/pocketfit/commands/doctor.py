"""A look at what works here and what does not, with the next step for each, by the code that a run asks."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pocketfit.builds.fitness import examine_exporter
from pocketfit.builds.git import root_of
from pocketfit.commands.check import check
from pocketfit.config import find_config
from pocketfit.devices import DEVICES, java
from pocketfit.devices.base import DeviceOptions
from pocketfit.devices.jvm import JvmDevice
from pocketfit.errors import CommandError, ConfigError, PocketfitError
from pocketfit.formats import FORMATS, listed
from pocketfit.installed import can_set_up, how_to_get_torch
from pocketfit.process import finish, run
from pocketfit.records import DEFAULT_CPU, PHONE_ABI, DeviceSpec
from pocketfit.runtimes.versions import PROMISE, newer_exporter, version_of
from pocketfit.sandbox import bubblewrap_probe
from pocketfit.sandbox.layers import available_memory_bytes, layers
from pocketfit.units import format_bytes

# Nobody can do without these; the other formats and devices are for some users.
NEEDED = ("lite", "torchscript", "jvm")
# What a model's process, and its artifacts of both sides, take at the least.
LITTLE_MEMORY_BYTES = 2_000_000_000
LITTLE_DISK_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """`problem` is empty where it works; `needed` is False for what only some users need."""

    what: str
    found: str
    problem: str = ""
    needed: bool = True


@dataclass(frozen=True)
class Look:
    """One place to look at, which may take seconds."""

    at: str
    find: Callable[[], Iterable[Finding]]


def looks(options: DeviceOptions, folder: Path) -> tuple[Look, ...]:
    """All that a run in `folder` may need, in order; each finding is a line for the user."""
    return (
        Look("Python and git", lambda: (_python(), _git(), _sandbox())),
        Look("the configuration", lambda: (_configuration(folder), *_room(folder))),
        Look("torch and the formats", _formats),
        Look("Java", lambda: (_java(),)),
        *(Look(f"device {kind}", partial(_devices, kind, options)) for kind in DEVICES),
        Look("the Android runtimes", partial(_android_of_pte, options)),
        Look("a phone's ABI", partial(_phone, options)),
    )


def _configuration(folder: Path) -> Finding:
    """The repository's own, which a run would read; a repository without one is no fault of the machine's."""
    try:
        find_config(root_of(folder), beside=folder)
    except ConfigError as problem:
        return Finding("configuration", "", str(problem), needed=False)
    try:
        return Finding("configuration", check(folder))
    except ConfigError as problem:
        return Finding("configuration", "", f"{problem}: see `pocketfit check`")


def _room(folder: Path) -> Iterator[Finding]:
    temporary = Path(tempfile.gettempdir())
    free = {place: shutil.disk_usage(place).free for place in (folder, temporary)}
    low = [place for place, free_bytes in free.items() if free_bytes < LITTLE_DISK_BYTES]
    problem = f"{format_bytes(free[low[0]])} free in {low[0]}, which is little for models: make room" if low else ""
    said = f"{format_bytes(free[folder])} free here, {format_bytes(free[temporary])} in {temporary}"
    yield Finding("disk", said, problem, needed=False)
    memory = format_bytes(available_memory_bytes())
    little = available_memory_bytes() < LITTLE_MEMORY_BYTES
    problem = f"{memory} for a model's process, which takes about 1 GB beside the model itself" if little else ""
    yield Finding("memory", f"{memory} for a model's process (--limit memory=SIZE)", problem, needed=False)


def _android_of_pte(options: DeviceOptions) -> Iterator[Finding]:
    """Without any runtime at all, the devices have said so."""
    if isinstance(options.android, str):
        return
    if runtime := options.android.runtimes.get("executorch"):
        yield _pte_runtime(str(runtime), tuple(options.android.older))
        return
    lacks = "the Android runtime for .pte is not here, so these files run on this host only: install npm"
    maven = "let Maven reach a registry that has org.pytorch:executorch-android"
    again = "and run `pocketfit setup` again" if can_set_up() else f"or {maven}, and run `make -B android`"
    yield Finding("Android .pte", "", f"{lacks}{'' if can_set_up() else ','} {again}", needed=False)


def _pte_runtime(runtime: str, older: tuple[str, ...]) -> Finding:
    """What runs a .pte, beside which older versions, and whether what exports is newer."""
    built = "" if can_set_up() else " (OLDER=1 builds them)"
    beside = f"beside it ExecuTorch {listed(older, 'and')}" if older else f"older ones are predicted{built}"
    version = version_of(runtime)
    newer = newer_exporter(FORMATS["executorch"].host_runtime() or "", (version,)) if version else None
    if newer:
        return Finding("Android .pte", "", f"{newer}: build {runtime} anew in a later version", needed=False)
    return Finding("Android .pte", f"{runtime}; {beside}; {PROMISE}")


def _phone(options: DeviceOptions) -> Iterator[Finding]:
    """Whether a phone's libraries run here, and whether what they execute can be counted. See _android_of_pte."""
    if isinstance(options.android, str):
        return
    device = JvmDevice(DeviceSpec(abi=PHONE_ABI), options.android)
    if problem := device.unavailable():
        yield Finding(PHONE_ABI, "", problem, needed=False)
        yield Finding("counted work", "", f"it takes {PHONE_ABI}", needed=False)
        return
    emulated = java.is_emulated(PHONE_ABI)
    yield Finding(PHONE_ABI, java.describe_cpu(DEFAULT_CPU) if emulated else "this machine's own", needed=False)
    problem = java.why_uncounted(options.android, PHONE_ABI)
    counter = "by a plugin of QEMU" if emulated else "by the counter of its own core (perf_event)"
    yield Finding("counted work", "" if problem else counter, problem or "", needed=False)


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


def _sandbox() -> Finding:
    here = layers()
    problem = "; ".join((*here.names(), *here.missing())) if here.missing() else ""
    # One layer more, so no problem of its own.
    without = bubblewrap_probe.problem()
    said = "; ".join(filter(None, [problem or str(here), without]))
    return Finding("sandbox", said, said if problem else "", needed=False)


def _formats() -> Iterator[Finding]:
    """One finding for each format, by the child that would build it."""
    fitness = examine_exporter()
    if fitness.problem:
        missing = "No module named 'torch'" in fitness.problem
        yield Finding("torch", "", f"not installed: {how_to_get_torch()}" if missing else fitness.problem)
    for name, problem in fitness.unfit.items():
        yield Finding(name, fitness.built_with[name], problem or "", name in NEEDED)


def _java() -> Finding:
    try:
        done = finish(["java", "-version"], timeout=20)
    except CommandError:
        return Finding("Java", "", "not on PATH: apt-get install default-jre-headless")
    # Every JVM prints its version to stderr.
    lines = done.stderr.splitlines() or ["?"]
    return Finding("Java", lines[0], "" if done.code == 0 else lines[-1])


def _devices(kind: str, options: DeviceOptions) -> tuple[Finding, ...]:
    return (_device(kind, options),)


def _device(kind: str, options: DeviceOptions) -> Finding:
    device, needed = DEVICES[kind](DeviceSpec(), options), kind in NEEDED
    try:
        if problem := device.unavailable():
            return Finding(f"device {kind}", "", problem, needed)
        return Finding(f"device {kind}", device.summary(), needed=needed)
    except PocketfitError as problem:
        return Finding(f"device {kind}", "", str(problem), needed)
