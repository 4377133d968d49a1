"""Artifacts on further ABIs, beside the device: tried as there, and never timed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pocketfit.devices.base import Device, Running
from pocketfit.errors import EnvironmentProblem
from pocketfit.records import Built, Limits, SideName, Smoke
from pocketfit.trial.smoke import try_one


@dataclass(frozen=True)
class Further:
    """A further ABI: the device that has it, or the problem that keeps it from being used."""

    abi: str
    kind: str
    device: Running | None = None
    problem: str = ""

    def try_one(self, side: SideName, built: Built, folder: Path, limits: Limits, of: int) -> Smoke:
        """Try what a side built; skipped, with the reason, where the ABI can't be used here."""
        if self.device is None:
            return Smoke("skipped", self.problem, self.kind, self.abi)
        return try_one(self.device, side, built, folder, limits, of)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a report must say about it."""
        if self.device is None:
            return (f"nothing was tried on {self.abi}: {self.problem}",)
        return self.device.info.notes


@contextmanager
def bring_up(also: Sequence[tuple[str, Device]], own_abi: str) -> Iterator[tuple[Further, ...]]:
    """Bring up the devices of further ABIs, for as long as the block runs; the one that is tried anyway is left out."""
    with ExitStack() as stack:
        yield tuple(_up(abi, device, stack) for abi, device in also if abi != own_abi)


def _up(abi: str, device: Device, stack: ExitStack) -> Further:
    if problem := device.unavailable():
        return Further(abi, device.kind, problem=problem)
    try:
        return Further(abi, device.kind, stack.enter_context(device.up()))
    except EnvironmentProblem as problem:
        return Further(abi, device.kind, problem=str(problem))
