"""An Android device that is up: what `adb` and `emulator` share. Everything on it lives in one folder of ours."""

from __future__ import annotations

import contextlib
import logging
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pocketfit import __version__
from pocketfit.devices.android.adb import Adb, DeviceGone
from pocketfit.devices.android.properties import Properties, check_usable, read_properties
from pocketfit.devices.android.pushed import HOME, Pushed
from pocketfit.devices.android.tombstone import explain_death
from pocketfit.devices.android.watched import Ran, run_watched
from pocketfit.devices.base import X86_NOTE, DeviceRun
from pocketfit.devices.program import Timed, describe_input
from pocketfit.devices.reason import condense, shorten
from pocketfit.devices.verdict import judge_result
from pocketfit.errors import CommandError, EnvironmentProblem
from pocketfit.formats import FORMATS
from pocketfit.records import DeviceInfo, Hardware, Load, SmokeInput
from pocketfit.runtimes.elf import shipping_note
from pocketfit.runtimes.library import find_android

__all__ = ["HOME", "AndroidDevice"]

log = logging.getLogger(__name__)

MAIN = "dev.pocketfit.Main"
BACK_S = 120.0
# For a device that did not come back once: the other artifacts must not wait for it as long again.
LOST_S = 5.0
SETTLE_S = 3.0
# How often the device looks whether the program still runs, and how large it is; less often while it is timed.
WATCH_S = 0.1
WATCH_TIMING_S = 0.25

Outcome = TypeVar("Outcome", DeviceRun, Load | str)


class NotTheModels(EnvironmentProblem):
    """The program said nothing about the artifact, or what it said got lost."""


class AndroidDevice:
    """`timeout_s` bounds one artifact, twice that and its budget a load that is timed.

    What the device does to us (it is gone, its disk is full) is tried once more, and is never the model's fault;
    `back_s` is how long we wait for one that is gone.
    """

    def __init__(
        self,
        adb: Adb,
        *,
        threads: int = 1,
        timeout_s: float = 120,
        back_s: float | None = None,
    ) -> None:
        self.adb = adb
        self.threads = threads
        self.timeout_s = timeout_s
        self.back_s = back_s
        self.pushed = Pushed(adb)
        self._lost = False
        self._properties: Properties | None = None

    def open(self) -> None:
        """Read what the device is; raises EnvironmentProblem where it can't run our libraries."""
        try:
            self._open()
        except CommandError as first:
            log.warning("%s: %s; once more", self.adb.serial, first)
            self._wait_until_up()
            self._open()

    def _open(self) -> None:
        android = find_android()
        self._properties = read_properties(self.adb, android.abis())
        check_usable(self._properties, android, self.adb.serial)
        self.pushed.prepare()

    def close(self) -> None:
        """Remove what was pushed, but for the runtime, which the next run finds again."""
        with contextlib.suppress(CommandError):
            self.pushed.clear()

    def info(self) -> DeviceInfo:
        properties, android = self._known(), find_android()
        x86 = X86_NOTE if properties.abi.startswith("x86") else ""
        return DeviceInfo(
            kind="adb",
            abi=properties.abi,
            cpu=properties.model,
            threads=self.threads,
            runtimes=android.of_formats(),
            notes=tuple(note for note in (x86, shipping_note(android)) if note),
            hardware=Hardware(
                model=properties.model,
                android=properties.android,
                api_level=properties.api_level,
                page_size_bytes=properties.page_size_bytes,
                cores=properties.cores,
                free_memory_bytes=properties.free_memory_bytes,
            ),
        )

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        android = find_android()
        if missing := android.missing(given.format, self._known().abi):
            return DeviceRun("skipped", missing)
        runtime = android.of_formats()[given.format]
        return self._twice(
            given, lambda: self._smoke(given, folder, runtime), lambda reason: DeviceRun("infra-error", reason, runtime)
        )

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        android = find_android()
        if base.format != head.format or android.missing(base.format, self._known().abi):
            return f"{base.format} and {head.format} can't be timed together on this device"
        runtime = android.of_formats()[base.format]
        timing = Timed(base, head, seed, rounds, budget_ms)
        return self._twice(base, lambda: self._time(timing, runtime), lambda reason: reason)

    def _smoke(self, given: SmokeInput, folder: Path, runtime: str) -> DeviceRun:
        ran = self._run([given], self.timeout_s)
        if ran.answer is None or ran.answer.error:
            return self._died(ran, runtime, self.timeout_s)
        result = ran.answer.artifacts[0]
        if result.outputs:
            self.adb.pull(f"{self.pushed.outputs}/.", folder)
        run = judge_result(result, folder, runtime)
        if run.status == "infra-error":
            raise NotTheModels(run.reason)
        return replace(run, flat=FORMATS[given.format].flat_outputs)

    def _time(self, timing: Timed, runtime: str) -> Load | str:
        limit_s = self.timeout_s * 2 + timing.budget_ms / 1000
        ran = self._run(timing.artifacts(), limit_s, timing)
        if ran.answer is None or ran.answer.error:
            return self._died(ran, runtime, limit_s).reason
        for result in ran.answer.artifacts:
            if result.error:
                return condense(result.error, runtime)
        return timing.load(ran.answer.artifacts)

    def _twice(self, given: SmokeInput, attempt: Callable[[], Outcome], gave_up: Callable[[str], Outcome]) -> Outcome:
        """Once more after what was no artifact's fault; should it happen again, that is what is said."""
        try:
            return attempt()
        except (CommandError, NotTheModels) as first:
            log.warning("%s: %s; once more", self.adb.serial, first)
            damaged = isinstance(first, NotTheModels)
        try:
            self._recover()
            if damaged:
                self.pushed.forget_runtime(find_android(), FORMATS[given.format].runtime, self._known().abi)
            return attempt()
        except EnvironmentProblem as second:
            return gave_up(shorten(str(second)))

    def _recover(self) -> None:
        """A device that is as it was at first: a reboot keeps its files, a full disk may have kept half of one."""
        self._wait_until_up()
        self.pushed.clear()
        self.pushed.prepare()

    def _wait_until_up(self) -> None:
        # One that is going down still answers for a moment.
        time.sleep(SETTLE_S)
        limit_s = LOST_S if self._lost else self.back_s or BACK_S
        self._lost = True
        end = time.monotonic() + limit_s
        while not self._is_up(end - time.monotonic()):
            if time.monotonic() > end:
                raise DeviceGone("adb", 124, f"{self.adb.serial} did not come back in {limit_s:.0f} s")
            time.sleep(1)
        self._lost = False

    def _is_up(self, timeout: float) -> bool:
        # While it reboots it is refused, offline and there in turn.
        try:
            self.adb.reconnect(max(1, timeout))
            return self.adb.getprop("sys.boot_completed") == "1"
        except DeviceGone:
            return False

    def _run(self, given: Sequence[SmokeInput], limit_s: float, timing: Timed | None = None) -> Ran:
        name, abi = FORMATS[given[0].format].runtime, self._known().abi
        libraries = self.pushed.runtime(find_android(), name, abi)
        files = self.pushed.files([path for one in given for path in (one.artifact, *_inputs(one))])
        words = [__version__, f"runtime={name}", f"threads={self.threads}", f"libraries={libraries}"]
        if timing is not None:
            words += timing.words()
        for one in given:
            words.append(f"artifact={files[one.artifact]}")
            words += [f"input={describe_input(tensor, files[one.folder / tensor.file])}" for tensor in one.inputs]
            words += [] if timing else [f"outputs={self.pushed.outputs}"]
        # The plain one is the 64-bit one where there are two.
        program = "app_process64" if "64" in abi else "$(command -v app_process32 || echo app_process)"
        return run_watched(
            self.adb,
            f"CLASSPATH={libraries}/runner.jar {program} {libraries} {MAIN} {shlex.join(words)}",
            artifacts=len(given),
            outputs=self.pushed.outputs,
            limit_s=limit_s,
            watch_s=WATCH_TIMING_S if timing else WATCH_S,
        )

    def _died(self, ran: Ran, runtime: str, limit_s: float) -> DeviceRun:
        """What a run says that has no word on the artifact: it crashed, or hung. Raises NotTheModels for the rest."""
        run = DeviceRun("failed", "", runtime, peak_rss_bytes=ran.peak_rss_bytes)
        if ran.answer and ran.answer.error:
            raise NotTheModels(ran.answer.error.message or ran.answer.error.type)
        if ran.late:
            return replace(run, reason=f"no answer in {limit_s:.0f} s")
        logcat = self.adb.shell_to_its_end("logcat -d -b crash -t 400; logcat -d -b main,system -t 400", 30).stdout
        if death := explain_death(ran.code, logcat, ran.pid, ran.peak_rss_bytes):
            return replace(run, reason=shorten(death))
        raise NotTheModels(f"app_process exited with {ran.code}: {ran.last_line}")

    def _known(self) -> Properties:
        if self._properties is None:
            raise EnvironmentProblem(f"{self.adb.serial} was not opened")
        return self._properties


def _inputs(given: SmokeInput) -> list[Path]:
    return [given.folder / tensor.file for tensor in given.inputs]
