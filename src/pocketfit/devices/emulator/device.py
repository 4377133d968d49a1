"""Device `emulator`: an Android emulator in a container beside ours, started for the run and removed after it."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
import uuid
from dataclasses import replace
from pathlib import Path

from pocketfit.devices.android.adb import Adb
from pocketfit.devices.android.device import AndroidDevice
from pocketfit.devices.base import DeviceRun
from pocketfit.devices.emulator.boot import (
    ADB_PORT,
    Wait,
    emulator_container,
    explain_end,
    explain_timeout,
    still_waits_for,
)
from pocketfit.devices.emulator.docker import CREATED_LABEL, RUN_LABEL, Container, Docker, connect
from pocketfit.devices.emulator.kvm import kvm_problem
from pocketfit.devices.reason import shorten
from pocketfit.errors import CommandError, EnvironmentProblem
from pocketfit.records import DeviceInfo, DeviceSpec, Load, SmokeInput

log = logging.getLogger(__name__)

IMAGES = "halimqarroum/docker-android"
ATTEMPTS = 2
POLL_S = 2
SAY_S = 10
LOG = "emulator.log"
LOG_LINES = 200
# Its container is there or has ended: there is no cable to plug in again.
BACK_S = 20.0
LEFTOVER_AGE_S = 2 * 3600


class NotBooted(EnvironmentProblem):
    """This container did not become a device; a fresh one may."""


class EmulatorDevice:
    """`image` is any whose container opens an Android emulator's adb on port 5555; `boot_timeout_s` bounds each of two
    boots. Where one fails, the last lines of its log are written to emulator.log in `log_folder`.
    """

    kind = "emulator"

    def __init__(
        self,
        spec: DeviceSpec,
        *,
        image: str | None = None,
        boot_timeout_s: float = 600,
        log_folder: Path | None = None,
    ) -> None:
        self.spec = spec
        self.image = image or f"{IMAGES}:api-{spec.api_level}"
        self.boot_timeout_s = boot_timeout_s
        self.log_folder = log_folder
        self.run = uuid.uuid4().hex[:12]
        self._docker: Docker | None = None
        self._container = ""
        self._device: AndroidDevice | None = None
        self._adb: Adb | None = None

    def unavailable(self) -> str | None:
        if shutil.which("adb") is None:
            return "adb is not on PATH: apt-get install adb"
        try:
            return kvm_problem(connect(), self._labels())
        except EnvironmentProblem as problem:
            return str(problem)

    def summary(self) -> str:
        return f"{self.image}, by Docker and /dev/kvm"

    def start(self) -> None:
        docker = self._docker = connect()
        if self.log_folder:
            (self.log_folder / LOG).unlink(missing_ok=True)
        docker.reap(self.run, age_s=LEFTOVER_AGE_S)
        docker.pull(self.image)
        network, machine = docker.network(), docker.machine()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._boot(docker, emulator_container(self.image, self._labels(), attempt, network, machine))
                return
            except NotBooted as problem:
                self._keep_log(docker, str(problem))
                self._remove(docker)
                if attempt == ATTEMPTS:
                    where = f" (its log: {self.log_folder / LOG})" if self.log_folder else ""
                    raise NotBooted(f"{problem}{where}") from problem
                log.warning("emulator: %s; once more with a fresh container", problem)

    def stop(self) -> None:
        if self._docker is None:
            return
        try:
            with contextlib.suppress(EnvironmentProblem):
                if self._container and (end := self._docker.ended(self._container)):
                    self._keep_log(self._docker, f"the container {end}")
        finally:
            self._remove(self._docker)

    def info(self) -> DeviceInfo:
        return replace(self._up().info(), kind=self.kind)

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        run = self._up().smoke(given, folder)
        return replace(run, reason=self._explain(run.reason)) if run.status == "infra-error" else run

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        load = self._up().time_load(base, head, seed=seed, rounds=rounds, budget_ms=budget_ms)
        return self._explain(load) if isinstance(load, str) else load

    def _up(self) -> AndroidDevice:
        if self._device is None:
            raise EnvironmentProblem("the emulator was not started")
        return self._device

    def _explain(self, reason: str) -> str:
        """Put the end of the container, if it ended, before what adb made of it."""
        end = None
        if self._docker and self._container:
            with contextlib.suppress(EnvironmentProblem):
                end = self._docker.ended(self._container)
        return shorten(f"the emulator's container {end} ({reason})") if end else reason

    def _labels(self) -> dict[str, str]:
        return {RUN_LABEL: self.run, CREATED_LABEL: str(int(time.time()))}

    def _boot(self, docker: Docker, container: Container) -> None:
        """Start a container and wait for its Android; raises NotBooted where a fresh one may do better."""
        # Known before it is there, so that `stop` removes it whenever we are interrupted.
        self._container = container.name
        docker.start(container)
        log.info("emulator: started %s from %s", container.name, container.image)
        began = time.monotonic()
        said, wait = began, Wait("adb")
        while time.monotonic() - began < self.boot_timeout_s:
            if end := docker.ended(container.name):
                raise NotBooted(explain_end(end, docker.log(container.name, LOG_LINES), self.image))
            if address := docker.address(container.name, container.network, ADB_PORT):
                self._adb = Adb(address)
                if (more := still_waits_for(self._adb)) is None:
                    log.info("emulator: ready after %.0f s", time.monotonic() - began)
                    self._device = AndroidDevice(self._adb, threads=self.spec.threads, back_s=BACK_S)
                    self._device.open()
                    return
                wait = more
            if time.monotonic() - said >= SAY_S:
                said = time.monotonic()
                log.info("emulator: booting, %.0f s, waiting for %s", said - began, wait.what)
            time.sleep(POLL_S)
        raise NotBooted(explain_timeout(wait, self.image, self.boot_timeout_s))

    def _keep_log(self, docker: Docker, why: str) -> None:
        """Add the container's last lines to emulator.log; never in the way of the problem itself."""
        if self.log_folder is None:
            return
        with contextlib.suppress(OSError, EnvironmentProblem):
            text = f"--- {self._container}: {why}\n{docker.log(self._container, LOG_LINES)}"
            with (self.log_folder / LOG).open("a") as file:
                file.write(text)

    def _remove(self, docker: Docker) -> None:
        self._device = None
        if self._container:
            try:
                docker.remove(self._container)
            except EnvironmentProblem as problem:
                # No reason to lose what the run found out.
                log.warning("emulator: %s; remove it by `docker rm --force %s`", problem, self._container)
            self._container = ""
        if self._adb:
            with contextlib.suppress(CommandError):
                self._adb.disconnect()
            self._adb = None
