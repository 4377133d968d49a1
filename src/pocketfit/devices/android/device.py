"""An Android device that is up: what `adb` and `emulator` share. Everything on it lives in one folder of ours."""

from __future__ import annotations

import contextlib
import logging
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pocketfit.devices.android.adb import Adb
from pocketfit.devices.android.comeback import Comeback, Patience
from pocketfit.devices.android.properties import Properties, check_usable, describe, read_properties
from pocketfit.devices.android.pushed import Pushed
from pocketfit.devices.android.tombstone import explain_death
from pocketfit.devices.android.watched import Ran, run_watched
from pocketfit.devices.base import DeviceRun
from pocketfit.devices.executorch import uncallable
from pocketfit.devices.program import Timed, files_of, words
from pocketfit.devices.reason import shorten
from pocketfit.devices.verdict import judge_result, judge_times
from pocketfit.errors import CommandError, EnvironmentProblem
from pocketfit.files.temporary import lent_folder
from pocketfit.formats import FORMATS
from pocketfit.records import Load, SmokeInput
from pocketfit.runtimes.library import AndroidSide

log = logging.getLogger(__name__)

MAIN = "dev.pocketfit.Main"
# How often the device looks whether the program still runs, and how large it is; less often while it is timed.
WATCH_S = 0.1
WATCH_TIMING_S = 0.25
PATIENCE = Patience()

Outcome = TypeVar("Outcome", DeviceRun, Load | str)


class NotTheModels(EnvironmentProblem):
    """The program said nothing about the artifact, or what it said got lost."""


@contextlib.contextmanager
def opened(
    adb: Adb, android: AndroidSide, *, threads: int = 1, patience: Patience = PATIENCE
) -> Iterator[RunningAndroid]:
    """An attached device, ready for artifacts for as long as the block runs.

    What was pushed is removed in every ending, but for the runtime, which the next run finds again. Raises
    EnvironmentProblem where the device can't run our libraries.
    """
    pushed = Pushed(adb)
    try:
        yield open_device(pushed, android, kind="adb", threads=threads, patience=patience)
    finally:
        with contextlib.suppress(CommandError):
            pushed.clear()


def open_device(
    pushed: Pushed,
    android: AndroidSide,
    *,
    kind: str,
    threads: int,
    patience: Patience,
    explain_loss: Callable[[str], str] = lambda reason: reason,
) -> RunningAndroid:
    """Ask a device what it is, and make this run's folder there; once more where it is lost meanwhile.

    `explain_loss` puts what adb says of a device that is gone into the words of who knows why. Raises
    EnvironmentProblem where the device can't run our libraries.
    """
    comeback = Comeback(pushed.adb, patience)
    try:
        properties = _prepare(pushed, android)
    except CommandError as first:
        log.warning("%s: %s; once more", pushed.adb.serial, first)
        comeback.wait()
        properties = _prepare(pushed, android)
    return RunningAndroid(pushed, android, properties, kind, threads, comeback, explain_loss)


def _prepare(pushed: Pushed, android: AndroidSide) -> Properties:
    properties = read_properties(pushed.adb, android.abis())
    check_usable(properties, android, pushed.adb.serial)
    pushed.prepare()
    return properties


class RunningAndroid:
    """A device that `open_device` prepared.

    What the device does to us (it is gone, its disk is full) is tried once more, and is never the model's fault.
    """

    def __init__(
        self,
        pushed: Pushed,
        android: AndroidSide,
        properties: Properties,
        kind: str,
        threads: int,
        comeback: Comeback,
        explain_loss: Callable[[str], str],
    ) -> None:
        self.adb = pushed.adb
        self.info = describe(properties, android, kind, threads)
        self._pushed = pushed
        self._android = android
        self._comeback = comeback
        self._explain_loss = explain_loss
        self._artifact_s = comeback.patience.artifact_s

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        if missing := self._android.missing_on_devices(given.format, self.info.abi):
            return DeviceRun("skipped", missing)
        runtime = self.info.runtimes[given.format]
        if problem := uncallable(given):
            return DeviceRun("failed", problem, runtime)
        return self._twice(
            given, lambda: self._smoke(given, folder, runtime), lambda reason: DeviceRun("infra-error", reason, runtime)
        )

    def at(self, version: str) -> None:
        """None: its program drives one ExecuTorch alone."""

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        if base.format != head.format or self._android.missing_on_devices(base.format, self.info.abi):
            return f"{base.format} and {head.format} can't be timed together on this device"
        timing = Timed(base, head, seed, rounds, budget_ms)
        return self._twice(base, lambda: self._time(timing, self.info.runtimes[base.format]), lambda reason: reason)

    def _smoke(self, given: SmokeInput, folder: Path, runtime: str) -> DeviceRun:
        ran = self._run([given], self._artifact_s)
        if ran.answer is None or ran.answer.error:
            return self._died(ran, runtime, self._artifact_s)
        result = ran.answer.artifacts[0]
        with lent_folder("pocketfit-pulled-") as lent:
            if result.outputs:
                self.adb.pull(f"{self._pushed.outputs}/.", lent.work.path)
            run = judge_result(result, lent.work, folder, runtime)
        if run.status == "infra-error":
            raise NotTheModels(run.reason)
        return replace(run, flat=FORMATS[given.format].flat_outputs)

    def _time(self, timing: Timed, runtime: str) -> Load | str:
        limit_s = self._artifact_s * 2 + timing.budget_ms / 1000
        ran = self._run(timing.artifacts(), limit_s, timing)
        if ran.answer is None or ran.answer.error:
            return self._died(ran, runtime, limit_s).reason
        return judge_times(timing, ran.answer.artifacts, runtime)

    def _twice(self, given: SmokeInput, attempt: Callable[[], Outcome], gave_up: Callable[[str], Outcome]) -> Outcome:
        """Try once more after what was no artifact's fault; should it happen again, that is the outcome."""
        try:
            return attempt()
        except (CommandError, NotTheModels) as first:
            log.warning("%s: %s; once more", self.adb.serial, first)
            damaged = isinstance(first, NotTheModels)
        try:
            # A reboot keeps the device's files, and a full disk may have kept half of one.
            self._comeback.wait()
            self._pushed.clear()
            self._pushed.prepare()
            if damaged:
                self._pushed.forget_runtime(self._android, FORMATS[given.format].runtime, self.info.abi)
            return attempt()
        except EnvironmentProblem as second:
            return gave_up(shorten(self._explain_loss(shorten(str(second)))))

    def _run(self, artifacts: Sequence[SmokeInput], limit_s: float, timing: Timed | None = None) -> Ran:
        runtime, abi = FORMATS[artifacts[0].format].runtime, self.info.abi
        libraries = self._pushed.runtime(self._android, runtime, abi)
        arguments = words(
            artifacts,
            self._pushed.files(files_of(artifacts)).__getitem__,
            runtime=runtime,
            threads=self.info.threads,
            libraries=libraries,
            outputs=None if timing else self._pushed.outputs,
            timing=timing,
        )
        # The plain one is the 64-bit one where there are two.
        program = "app_process64" if "64" in abi else "$(command -v app_process32 || echo app_process)"
        return run_watched(
            self.adb,
            f"CLASSPATH={libraries}/runner.jar {program} {libraries} {MAIN} {shlex.join(arguments)}",
            artifacts=len(artifacts),
            outputs=self._pushed.outputs,
            limit_s=limit_s,
            watch_s=WATCH_TIMING_S if timing else WATCH_S,
        )

    def _died(self, ran: Ran, runtime: str, limit_s: float) -> DeviceRun:
        """Why a run ended without a result: a crash or a hang is the model's, all else is raised (NotTheModels)."""
        run = DeviceRun("failed", "", runtime, peak_rss_bytes=ran.peak_rss_bytes)
        if ran.answer and ran.answer.error:
            raise NotTheModels(ran.answer.error.message or ran.answer.error.type)
        if ran.late:
            return replace(run, reason=f"no answer in {limit_s:.0f} s")
        logcat = self.adb.shell_to_its_end("logcat -d -b crash -t 400; logcat -d -b main,system -t 400", 30).stdout
        if death := explain_death(ran.code, logcat, ran.pid, ran.peak_rss_bytes):
            return replace(run, reason=shorten(death))
        raise NotTheModels(f"app_process exited with {ran.code}: {ran.last_line}")
