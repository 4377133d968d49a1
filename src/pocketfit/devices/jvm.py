"""The Android libraries in a JVM on this machine, by way of the compatibility layer in src/android/bionic."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pocketfit.devices.base import X86_NOTE, DeviceRun
from pocketfit.devices.crash import describe_crash
from pocketfit.devices.program import Answer, Timed, parse_answer, words
from pocketfit.devices.reason import condense, shorten
from pocketfit.devices.verdict import judge_result
from pocketfit.errors import EnvironmentProblem
from pocketfit.files import read_regular
from pocketfit.formats import FORMATS
from pocketfit.process import Finished, finish
from pocketfit.records import DeviceInfo, DeviceSpec, Hardware, Load, SmokeInput
from pocketfit.runtimes.elf import shipping_note
from pocketfit.runtimes.library import AndroidSide, find_android

# The work is native: the JVM's second compiler and its other collectors would only cost time to start.
FLAGS = (
    "-Xshare:auto",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-XX:-CreateCoredumpOnCrash",
)
# Tensors live outside the Java heap, under a limit of their own that is the heap's unless set.
DIRECT_MEMORY = "-XX:MaxDirectMemorySize=64g"

REPORT_LIMIT_BYTES = 10_000_000

# All that a JVM needs; what a pull request's model runs in must not see our secrets.
ENVIRONMENT = ("PATH", "JAVA_HOME", "LD_LIBRARY_PATH", "TMPDIR")


class JvmDevice:
    """`timeout_s` bounds one artifact, twice that and its budget a load that is timed.

    `user` is a name to run as, where we are root: an artifact is the pull request's, and native code reads it.
    """

    kind = "jvm"

    def __init__(
        self,
        spec: DeviceSpec,
        *,
        user: str | None = None,
        timeout_s: float = 120,
    ) -> None:
        self.user = user
        self.threads = spec.threads
        self.timeout_s = timeout_s

    def unavailable(self) -> str | None:
        if shutil.which("java") is None:
            return "java is not on PATH: apt-get install default-jre-headless"
        try:
            abi = find_android().desktop_abi
        except EnvironmentProblem as problem:
            return str(problem)
        if platform.machine() != abi:
            return f"its Android libraries are {abi}'s, and this machine is {platform.machine()}: use another device"
        return None

    def summary(self) -> str:
        return ", ".join(self.info().runtimes.values())

    def start(self) -> None:
        """Nothing to bring up: each artifact gets a JVM of its own."""

    def stop(self) -> None:
        """Nothing is left of a JVM that ended."""

    def info(self) -> DeviceInfo:
        android = find_android()
        runtimes = {format: name for format, name in android.of_formats().items() if not _missing(android, format)}
        notes = tuple(note for note in (X86_NOTE, shipping_note(android)) if note)
        return DeviceInfo(
            self.kind,
            android.desktop_abi,
            _cpu(),
            self.threads,
            runtimes,
            notes,
            Hardware(
                page_size_bytes=os.sysconf("SC_PAGE_SIZE"),
                cores=len(os.sched_getaffinity(0)),
                free_memory_bytes=os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            ),
        )

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        android = find_android()
        if missing := _missing(android, given.format):
            return DeviceRun("skipped", missing)
        runtime = android.of_formats()[given.format]
        done, report = self._run([given], folder, self.timeout_s, outputs=folder)
        answer = parse_answer(done.stdout, artifacts=1)
        if answer is None or answer.error:
            return _without_answer(done, report, answer, runtime, self.timeout_s)
        return judge_result(answer.artifacts[0], folder, runtime)

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        android = find_android()
        if base.format != head.format or _missing(android, base.format):
            return f"{base.format} and {head.format} can't be timed together on device {self.kind}"
        runtime = android.of_formats()[base.format]
        timing = Timed(base, head, seed, rounds, budget_ms)
        limit_s = self.timeout_s * 2 + budget_ms / 1000
        with tempfile.TemporaryDirectory(prefix="pocketfit-timing-") as folder:
            done, report = self._run(timing.artifacts(), Path(folder), limit_s, timing=timing)
        answer = parse_answer(done.stdout, artifacts=3)
        if answer is None or answer.error:
            return _without_answer(done, report, answer, runtime, limit_s).reason
        for result in answer.artifacts:
            if result.error:
                return condense(result.error, runtime)
        return timing.load(answer.artifacts)

    def _run(
        self,
        given: Sequence[SmokeInput],
        folder: Path,
        limit_s: float,
        *,
        outputs: Path | None = None,
        timing: Timed | None = None,
    ) -> tuple[Finished, str]:
        """Run the program; returns how it ended, and what a crash left: the JVM's report and its streams."""
        android = find_android()
        runtime = FORMATS[given[0].format].runtime
        error_file = folder.absolute() / "hs_err.log"
        error_file.unlink(missing_ok=True)
        if self.user:
            shutil.chown(folder, self.user)
        arguments = words(
            given,
            runtime=runtime,
            threads=self.threads,
            libraries=android.libraries(runtime, android.desktop_abi),
            shim=android.shim,
            outputs=outputs,
            timing=timing,
        )
        done = finish(
            [
                "java",
                *FLAGS,
                DIRECT_MEMORY,
                f"-XX:ErrorFile={error_file}",
                "-cp",
                android.desktop_classpath,
                "dev.pocketfit.Desktop",
                *arguments,
            ],
            timeout=limit_s,
            cwd=folder,
            env=_environment(),
            user=self.user,
        )
        try:
            written = read_regular(error_file, REPORT_LIMIT_BYTES).decode(errors="replace")
        except (OSError, ValueError):
            written = ""
        return done, "\n".join([written, done.stdout, done.stderr])


def _missing(android: AndroidSide, format: str) -> str | None:
    """Why no artifact of this format can be tried here, or None."""
    if missing := android.missing(format, android.desktop_abi):
        return missing
    if not FORMATS[format].in_desktop_jvm:
        return f"the Android libraries for format {format} don't run in a JVM: use --device adb or emulator"
    return None


def _without_answer(done: Finished, report: str, answer: Answer | None, runtime: str, limit_s: float) -> DeviceRun:
    """How a run ended that says nothing about the artifact itself: a crash, a hang, or a fault of ours."""
    if answer and answer.error:
        problem = answer.error
        return DeviceRun(
            "infra-error", shorten(f"{problem.message or problem.type}: run `make android` again"), runtime
        )
    # A timeout kills the process, which is no crash; but a crash can hang in the JVM's own report of it.
    if crash := describe_crash(report, None if done.timed_out else done.signal_name):
        return DeviceRun("failed", shorten(crash), runtime)
    if done.timed_out:
        return DeviceRun("failed", f"no answer in {limit_s:.0f} s", runtime)
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    said = lines[-1] if lines else "it printed nothing"
    return DeviceRun("infra-error", shorten(f"java exited with {done.code}: {said}"), runtime)


def _environment() -> dict[str, str]:
    # Without a UTF-8 locale Java can't open a file whose name is not ASCII.
    return {name: os.environ[name] for name in ENVIRONMENT if name in os.environ} | {"LC_ALL": "C.UTF-8"}


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
