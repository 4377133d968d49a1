"""Device `emulator`: an Android emulator in a container beside ours, started for the run and removed after it."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from pocketfit.devices.android.comeback import Patience
from pocketfit.devices.android.device import RunningAndroid, open_device
from pocketfit.devices.android.pushed import Pushed
from pocketfit.devices.android.server import server_for_now
from pocketfit.devices.base import required
from pocketfit.devices.emulator.boot import emulator_container
from pocketfit.devices.emulator.docker import CREATED_LABEL, RUN_LABEL, connect
from pocketfit.devices.emulator.emulator import Emulator, NotBooted
from pocketfit.devices.emulator.kvm import kvm_problem
from pocketfit.errors import EnvironmentProblem
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import AndroidSide

log = logging.getLogger(__name__)

IMAGES = "halimqarroum/docker-android"
LOG = "emulator.log"
# Its container is there or has ended: there is no cable to plug in again.
PATIENCE = Patience(back_s=20.0)
LEFTOVER_AGE_S = 2 * 3600


class EmulatorDevice:
    """`image` is any whose container opens an Android emulator's adb on port 5555; `boot_timeout_s` bounds each of two
    boots. Where one fails, the last lines of its log are written to emulator.log in `log_folder`.

    `android` may be the sentence that says why there is none.
    """

    kind = "emulator"

    def __init__(
        self,
        spec: DeviceSpec,
        android: AndroidSide | str,
        *,
        image: str | None = None,
        boot_timeout_s: float = 600,
        log_folder: Path | None = None,
    ) -> None:
        self.threads = spec.threads
        self.android = android
        self.image = image or f"{IMAGES}:api-{spec.api_level}"
        self.boot_timeout_s = boot_timeout_s
        self.log_file = log_folder / LOG if log_folder else None
        self.run = uuid.uuid4().hex[:12]

    def unavailable(self) -> str | None:
        if shutil.which("adb") is None:
            return "adb is not on PATH: apt-get install adb"
        try:
            required(self.android)
            return kvm_problem(connect(), self._labels())
        except EnvironmentProblem as problem:
            return str(problem)

    def summary(self) -> str:
        return f"{self.image}, by Docker and /dev/kvm"

    @contextlib.contextmanager
    def up(self) -> Iterator[RunningAndroid]:
        android, docker = required(self.android), connect()
        if self.log_file:
            self.log_file.unlink(missing_ok=True)
        docker.reap(self.run, age_s=LEFTOVER_AGE_S)
        docker.pull(self.image)
        network, machine = docker.network(), docker.machine()
        containers = [emulator_container(self.image, self._labels(), attempt, network, machine) for attempt in (1, 2)]
        with server_for_now(), contextlib.ExitStack() as stack:
            yield self._first_that_boots(
                [Emulator(docker, container, self.log_file) for container in containers], android, stack
            )

    def _first_that_boots(
        self, emulators: Sequence[Emulator], android: AndroidSide, stack: contextlib.ExitStack
    ) -> RunningAndroid:
        """Boot a fresh emulator should one not come up; raises NotBooted where none does."""
        *others, last = emulators
        for emulator in others:
            try:
                return self._boot(emulator, android, stack)
            except NotBooted as problem:
                log.warning("emulator: %s; once more with a fresh container", problem)
        try:
            return self._boot(last, android, stack)
        except NotBooted as problem:
            where = f" (its log: {self.log_file})" if self.log_file else ""
            raise NotBooted(f"{problem}{where}") from problem

    def _boot(self, emulator: Emulator, android: AndroidSide, stack: contextlib.ExitStack) -> RunningAndroid:
        """Start an emulator, which goes when `stack` is closed, and with NotBooted at once."""
        # Before it is there, and until the end, so that it is removed whenever we are interrupted.
        stack.callback(emulator.remove)
        try:
            adb = emulator.boot(self.boot_timeout_s)
        except NotBooted as problem:
            emulator.keep_log(str(problem))
            emulator.remove()
            raise
        stack.callback(emulator.keep_log_of_its_end)
        # What is pushed goes with the container.
        return open_device(
            Pushed(adb),
            android,
            kind=self.kind,
            threads=self.threads,
            patience=PATIENCE,
            explain_loss=emulator.explain_loss,
        )

    def _labels(self) -> dict[str, str]:
        return {RUN_LABEL: self.run, CREATED_LABEL: str(int(time.time()))}
