from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pocketfit.records import DeviceInfo, SmokeInput, TensorFile, Timing


@dataclass(frozen=True)
class DeviceRun:
    """One artifact on a device, before its outputs are compared.

    `outputs` are files in the folder that `smoke` was given, C order whatever memory format the runtime used.
    """

    status: Literal["passed", "failed", "skipped", "infra-error"]
    reason: str = ""
    runtime: str | None = None
    load_ms: float | None = None
    first_ms: float | None = None
    peak_rss_bytes: int | None = None
    outputs: tuple[TensorFile, ...] = ()


class Device(Protocol):
    """A place where the Java program runs."""

    kind: str

    def unavailable(self) -> str | None:
        """Why this device can't be used here, with the next step, or None if it can."""

    def info(self) -> DeviceInfo:
        """What it is; only asked when it is available."""

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        """Load and run one artifact on its golden inputs, in a process of its own.

        Whatever the artifact does (crash, hang, missing operator) is in the result, never an exception.
        """

    def time_pair(self, base: SmokeInput, head: SmokeInput) -> Timing:
        """Time two artifacts in turn in one process."""
