"""Defines a device: one that may be brought up, and one that is up and runs artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from pocketfit.errors import EnvironmentProblem
from pocketfit.records import DeviceInfo, Load, SmokeInput, TensorFile
from pocketfit.runtimes.library import AndroidSide
from pocketfit.sandbox.order import DEFAULT_LIMITS, ResourceLimits

# How adb's reason begins where it answers and lists nothing.
NOTHING_ATTACHED = "no device is attached"
X86_NOTE = "x86_64 kernels are not a phone's: compare times with each other, never with a phone's"


@dataclass(frozen=True)
class DeviceOptions:
    """The options that the configuration does not have.

    `android` is the Android side, or the sentence that says why there is none; `serial` is an attached device's,
    `emulator_image` the container image of an emulator, `log_folder` where the log of one that fails is kept.
    `limits` hold a process of this machine that runs artifacts, and walls, where it is to be `walled`.
    """

    android: AndroidSide | str
    serial: str | None = None
    emulator_image: str | None = None
    log_folder: Path | None = None
    limits: ResourceLimits = DEFAULT_LIMITS
    walled: bool = True


@dataclass(frozen=True)
class DeviceRun:
    """One artifact on a device, before its outputs are compared.

    `outputs` are files in the folder that `smoke` was given, C order whatever memory format the runtime used, and
    `later` those of further calls; `flat` says that they are in eager's order, but that the runtime does not know what
    containers they were in. `held_bytes` is as in Smoke.
    """

    status: Literal["passed", "failed", "skipped", "infra-error"]
    reason: str = ""
    runtime: str | None = None
    load_ms: float | None = None
    first_ms: float | None = None
    peak_rss_bytes: int | None = None
    outputs: tuple[TensorFile, ...] = ()
    flat: bool = False
    later: tuple[tuple[TensorFile, ...], ...] = ()
    held_bytes: tuple[int, ...] = ()


class Running(Protocol):
    """A device that is up."""

    @property
    def info(self) -> DeviceInfo:
        """Describe the device, as reports do."""

    def at(self, version: str) -> Running | None:
        """The same device with another version of ExecuTorch ("1.0"); None where it has none."""

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        """Load and run one artifact on its golden inputs, in a process of its own; its outputs go into `folder`.

        Whatever the artifact does (crash, hang, missing operator) is in the result, never an exception.
        """

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        """Load base, head and head again in one fresh process and time them in turn, or say why that failed.

        It ends after `rounds`, or after the round in which `budget_ms` ran out. The order of all follows from `seed`.
        """


@dataclass(frozen=True)
class Conditions:
    """The conditions of a run on a device, beside the artifact: facts by name, and folders whose content counts."""

    facts: Mapping[str, str]
    folders: tuple[Path, ...]


@runtime_checkable
class Repeatable(Protocol):
    """A device that is up, and on which the same artifact goes the same way while its conditions are the same."""

    def conditions(self) -> Conditions:
        """Tell all that determines how an artifact fares on it."""


class Device(Protocol):
    """A place where the Java program runs, once it is up."""

    kind: str

    def unavailable(self) -> str | None:
        """Say why this device can't be used here, with the next step; None if it can."""

    def summary(self) -> str:
        """Say in a few words what a run would use; only asked where the device is available."""

    def up(self) -> AbstractContextManager[Running]:
        """Bring the device up for as long as the block runs.

        Raises EnvironmentProblem, here or on entering, which says what failed and the next step. What it and the runs
        left is removed in every ending, also where entering was cut short.
        """


def required(android: AndroidSide | str) -> AndroidSide:
    """The Android side; raises EnvironmentProblem where there is none."""
    if isinstance(android, str):
        raise EnvironmentProblem(android)
    return android
