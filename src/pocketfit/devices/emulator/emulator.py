"""One container with an emulator in it: starts it, waits for its Android, says how it ended, and removes it."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from pocketfit.devices.android.adb import Adb
from pocketfit.devices.emulator.boot import ADB_PORT, Wait, explain_end, explain_timeout, still_waits_for
from pocketfit.devices.emulator.docker import Container, Docker
from pocketfit.errors import CommandError, EnvironmentProblem

log = logging.getLogger(__name__)

POLL_S = 2
PROGRESS_S = 10
LOG_LINES = 200


class NotBooted(EnvironmentProblem):
    """This container did not become a device; a fresh one may."""


class Emulator:
    """`log_file` is where `keep_log` adds what the container printed, or None."""

    def __init__(
        self,
        docker: Docker,
        container: Container,
        log_file: Path | None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.docker = docker
        self.container = container
        self.log_file = log_file
        self._sleep, self._clock = sleep, clock
        self._adb: Adb | None = None

    def boot(self, limit_s: float) -> Adb:
        """Start the container and wait for its Android; raises NotBooted where a fresh one may do better."""
        name, image = self.container.name, self.container.image
        self.docker.start(self.container)
        log.info("emulator: started %s from %s", name, image)
        began = reported = self._clock()
        wait = Wait("adb")
        while self._clock() - began < limit_s:
            if end := self.docker.ended(name):
                raise NotBooted(explain_end(end, self.docker.log(name, LOG_LINES), image))
            if address := self.docker.address(name, self.container.network, ADB_PORT):
                self._adb = Adb(address)
                if (still := still_waits_for(self._adb)) is None:
                    log.info("emulator: ready after %.0f s", self._clock() - began)
                    return self._adb
                wait = still
            if self._clock() - reported >= PROGRESS_S:
                reported = self._clock()
                log.info("emulator: booting, %.0f s, waiting for %s", reported - began, wait.lacks)
            self._sleep(POLL_S)
        raise NotBooted(explain_timeout(wait, image, limit_s))

    def explain_loss(self, reason: str) -> str:
        """Put the end of the container, if it ended, before what adb made of it."""
        end = self._end()
        return f"the emulator's container {end} ({reason})" if end else reason

    def keep_log(self, why: str) -> None:
        """Add the container's last lines to the log file; never in the way of the problem itself."""
        if self.log_file is None:
            return
        with contextlib.suppress(OSError, EnvironmentProblem):
            text = f"--- {self.container.name}: {why}\n{self.docker.log(self.container.name, LOG_LINES)}"
            with self.log_file.open("a") as file:
                file.write(text)

    def keep_log_of_its_end(self) -> None:
        """Keep the log where the container ended by itself."""
        if end := self._end():
            self.keep_log(f"the container {end}")

    def remove(self) -> None:
        """Remove the container, whether it runs, ended, was removed before, or never was."""
        try:
            self.docker.remove(self.container.name)
        except EnvironmentProblem as problem:
            # No reason to lose what the run found out.
            log.warning("emulator: %s; remove it by `docker rm --force %s`", problem, self.container.name)
        if self._adb:
            with contextlib.suppress(CommandError):
                self._adb.disconnect()

    def _end(self) -> str | None:
        with contextlib.suppress(EnvironmentProblem):
            return self.docker.ended(self.container.name)
        return None
