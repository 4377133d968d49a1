"""Waiting for an Android device that was lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pocketfit.devices.android.adb import Adb, DeviceGone


@dataclass(frozen=True)
class Patience:
    """Our patience in seconds: `artifact_s` for one artifact, and twice that and its budget for a timed load.

    `back_s` is for a device that is gone; `lost_s` for one that did not come back once, since the other artifacts must
    not wait for it as long again. One that is going down still answers for a moment: `settle_s` is how long.
    """

    artifact_s: float = 120.0
    back_s: float = 120.0
    lost_s: float = 5.0
    settle_s: float = 3.0


class Comeback:
    """Waits for one device, less patiently after it has failed to come back."""

    def __init__(
        self,
        adb: Adb,
        patience: Patience,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.adb = adb
        self.patience = patience
        self._sleep, self._clock = sleep, clock
        self._lost = False

    def wait(self) -> None:
        """Return once the device is up again; raises DeviceGone where it does not come back."""
        self._sleep(self.patience.settle_s)
        limit_s = self.patience.lost_s if self._lost else self.patience.back_s
        self._lost = True
        end = self._clock() + limit_s
        while not self._is_up(end - self._clock()):
            if self._clock() > end:
                raise DeviceGone("adb", 124, f"{self.adb.serial} did not come back in {limit_s:.0f} s")
            self._sleep(1)
        self._lost = False

    def _is_up(self, timeout: float) -> bool:
        # While it reboots it is refused, offline and there in turn.
        try:
            self.adb.reconnect(max(1, timeout))
            return self.adb.getprop("sys.boot_completed") == "1"
        except DeviceGone:
            return False
