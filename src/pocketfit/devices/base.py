from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pocketfit.records import DeviceInfo, Load, SmokeInput, TensorFile

X86_NOTE = "x86_64 kernels are not a phone's: compare times with each other, never with a phone's"


@dataclass(frozen=True)
class DeviceOptions:
    """What the configuration does not say: `user` is the name to run artifacts as, where we are root.

    `serial` is an attached device's, `emulator_image` the container image of an emulator, `log_folder` where the log of
    one that fails is kept.
    """

    user: str | None = None
    serial: str | None = None
    emulator_image: str | None = None
    log_folder: Path | None = None


@dataclass(frozen=True)
class DeviceRun:
    """One artifact on a device, before its outputs are compared.

    `outputs` are files in the folder that `smoke` was given, C order whatever memory format the runtime used; `flat`
    says that they are in eager's order, but that the runtime does not know what containers they were in.
    """

    status: Literal["passed", "failed", "skipped", "infra-error"]
    reason: str = ""
    runtime: str | None = None
    load_ms: float | None = None
    first_ms: float | None = None
    peak_rss_bytes: int | None = None
    outputs: tuple[TensorFile, ...] = ()
    flat: bool = False


class Device(Protocol):
    """A place where the Java program runs."""

    kind: str

    def unavailable(self) -> str | None:
        """Why this device can't be used here, with the next step, or None if it can."""

    def summary(self) -> str:
        """What a run would use, in a few words; only asked where the device is available, before `start`."""

    def start(self) -> None:
        """Bring it up, where it has to be; raises EnvironmentProblem that says what failed and the next step."""

    def stop(self) -> None:
        """Remove all that `start` and the runs left; called in every ending, also where `start` raised."""

    def info(self) -> DeviceInfo:
        """What it is; only asked after `start`."""

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        """Load and run one artifact on its golden inputs, in a process of its own.

        Whatever the artifact does (crash, hang, missing operator) is in the result, never an exception.
        """

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        """Load base, head and head again in one fresh process and time them in turn, or why that failed.

        It ends after `rounds`, or after the round in which `budget_ms` ran out. The order of all follows from `seed`.
        """


@contextmanager
def started(device: Device) -> Iterator[Device]:
    """The device, up for as long as the block runs."""
    try:
        device.start()
        yield device
    finally:
        device.stop()
