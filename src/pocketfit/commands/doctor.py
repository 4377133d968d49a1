"""A look at what works here and what does not, with the next step for each, by the code that a run asks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from pocketfit.builds.fitness import examine_exporter
from pocketfit.devices import DEVICES
from pocketfit.devices.base import DeviceOptions
from pocketfit.errors import CommandError, PocketfitError
from pocketfit.process import finish, run
from pocketfit.records import DeviceSpec
from pocketfit.sandbox.layers import layers

# Nobody can do without these; the other formats and devices are for some users.
NEEDED = ("lite", "torchscript", "jvm")


@dataclass(frozen=True)
class Finding:
    """`problem` is empty where it works; `needed` is False for what only some users need."""

    what: str
    found: str
    problem: str = ""
    needed: bool = True


def examine(options: DeviceOptions) -> tuple[Finding, ...]:
    """Look at everything that a run may need; each finding is a line for the user."""
    return (_python(), _git(), _sandbox(), *_formats(), _java(), *(_device(kind, options) for kind in DEVICES))


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
    return Finding("sandbox", str(here), problem, needed=False)


def _formats() -> Iterator[Finding]:
    """One finding for each format, by the child that would build it."""
    fitness = examine_exporter()
    if fitness.problem:
        missing = "No module named 'torch'" in fitness.problem
        yield Finding(
            "torch", "", "not installed: pip install -r requirements/torch.txt" if missing else fitness.problem
        )
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


def _device(kind: str, options: DeviceOptions) -> Finding:
    device, needed = DEVICES[kind](DeviceSpec(), options), kind in NEEDED
    try:
        if problem := device.unavailable():
            return Finding(f"device {kind}", "", problem, needed)
        return Finding(f"device {kind}", device.summary(), needed=needed)
    except PocketfitError as problem:
        return Finding(f"device {kind}", "", str(problem), needed)
