"""The Android libraries in a JVM on this machine, by way of the compatibility layer in src/android/bionic."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from pocketfit.devices import core, java
from pocketfit.devices.base import X86_NOTE, Conditions, DeviceRun, required
from pocketfit.devices.crash import describe_crash
from pocketfit.devices.executorch import uncallable
from pocketfit.devices.program import Answer, Counted, Timed, here, parse_answer, parse_counts, words
from pocketfit.devices.reason import shorten
from pocketfit.devices.verdict import judge_result, judge_times
from pocketfit.errors import EnvironmentProblem
from pocketfit.files import Opened
from pocketfit.files.temporary import lent_folder
from pocketfit.formats import FORMATS
from pocketfit.installed import android_command
from pocketfit.judge.work import Counts
from pocketfit.process import Finished
from pocketfit.records import DeviceInfo, DeviceSpec, Hardware, Load, SmokeInput
from pocketfit.runtimes.elf import shipping_note
from pocketfit.runtimes.library import AndroidSide
from pocketfit.sandbox.layers import LEAST_DISK_BYTES
from pocketfit.sandbox.order import DEFAULT_LIMITS, ResourceLimits, Walls, describe_hit
from pocketfit.sandbox.paths import of_system
from pocketfit.supervised import finish_supervised

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

FOLDER_PREFIX = "pocketfit-jvm-"
ERROR_FILE = "hs_err.log"
REPORT_LIMIT_BYTES = 10_000_000
COUNTS_FILE = "counts.jsonl"
COUNTS_LIMIT_BYTES = 100_000

# All that a JVM needs; what a pull request's model runs in must not see our secrets.
ENVIRONMENT = ("PATH", "JAVA_HOME", "LD_LIBRARY_PATH")

EMULATED_NOTE = "arm64-v8a was emulated: its outputs are a phone's kernels', and its times would mean nothing"
EMULATED = "its processor is emulated, so its times mean nothing"
MISSED = "the emulator's plugin did not count every call"
TAKEN_AWAY = (
    "the core's counter was taken away during a call: run nothing else that counts (perf, a profiler) beside it"
)
# An emulated processor takes so many times as long, or some more.
EMULATED_TAKES = 5


class JvmDevice:
    """`timeout_s` bounds one artifact, twice that and its budget a load that is timed.

    `android` may be the sentence that says why there is none. An artifact is the pull request's, and native code
    reads it: it is held to `limits`, and unless it is not `walled` it can touch the artifact and its own folder alone.
    """

    kind = "jvm"

    def __init__(
        self,
        spec: DeviceSpec,
        android: AndroidSide | str,
        *,
        limits: ResourceLimits = DEFAULT_LIMITS,
        walled: bool = True,
        timeout_s: float = 120,
    ) -> None:
        self.android = android
        self.threads = spec.threads
        self.abi = spec.abi
        self.cpu = spec.cpu
        self.limits = limits
        self.walled = walled
        self.timeout_s = timeout_s

    def unavailable(self) -> str | None:
        try:
            android = required(self.android)
        except EnvironmentProblem as problem:
            return str(problem)
        return java.unavailable(android, self.abi or android.desktop_abi, self.cpu)

    def summary(self) -> str:
        android = required(self.android)
        return ", ".join(_runtimes(android, self.abi or android.desktop_abi).values())

    def up(self) -> AbstractContextManager[RunningJvm]:
        """Nothing to bring up, and nothing is left: each artifact gets a JVM of its own, which ends."""
        android = required(self.android)
        abi = self.abi or android.desktop_abi
        emulated = java.is_emulated(abi)
        info = DeviceInfo(
            self.kind,
            abi,
            java.describe_cpu(self.cpu) if emulated else core.describe(),
            self.threads,
            _runtimes(android, abi),
            tuple(note for note in (_note(abi), shipping_note(android)) if note),
            Hardware(
                page_size_bytes=os.sysconf("SC_PAGE_SIZE"),
                cores=len(os.sched_getaffinity(0)),
                free_memory_bytes=os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            ),
            self.cpu if emulated else None,
        )
        timeout_s = self.timeout_s * (EMULATED_TAKES if emulated else 1)
        return nullcontext(RunningJvm(info, android, self.limits, self.walled, timeout_s))


@dataclass(frozen=True)
class RunningJvm:
    """JVMs of this machine, one for each artifact; see JvmDevice."""

    info: DeviceInfo
    android: AndroidSide
    limits: ResourceLimits
    walled: bool
    timeout_s: float

    def at(self, version: str) -> RunningJvm | None:
        """The same machine with an older ExecuTorch; None where the Android side has none of this version."""
        android = self.android.at(version)
        if android is None:
            return None
        return replace(self, android=android, info=replace(self.info, runtimes=_runtimes(android, self.info.abi)))

    def conditions(self) -> Conditions:
        """Java, our program with the libraries, the machine, and what may end a process early."""
        limits = replace(self.limits, folder_bytes=min(self.limits.folder_bytes, LEAST_DISK_BYTES))
        info = self.info
        facts = {
            "device": f"{info.kind} {info.abi} {info.cpu}, threads {info.threads}, emulated {info.emulated_cpu}",
            "runtimes": str(sorted(info.runtimes.items())),
            "machine": f"{platform.release()} {info.hardware.page_size_bytes} {info.hardware.cores}",
            "device's limits": f"{limits} {self.timeout_s} {self.walled}",
            "Java's words": " ".join((*FLAGS, java.UNCOMPILED, DIRECT_MEMORY)),
            "Java's environment": str([(name, os.environ.get(name)) for name in ENVIRONMENT]),
        }
        # What lies in /usr itself, the system's own database tells.
        found = [_jdk()] if shutil.which("java") and _jdk() != Path("/usr") else []
        return Conditions(facts, (*found, self.android.folder))

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        if missing := self.android.missing(given.format, self.info.abi):
            return DeviceRun("skipped", missing)
        runtime = self.info.runtimes[given.format]
        if problem := uncallable(given):
            return DeviceRun("failed", problem, runtime)
        with lent_folder(FOLDER_PREFIX) as lent:
            # What is left of its memory is the emulator's too.
            given = replace(given, reloads=0) if self.info.emulated_cpu else given
            finished, report = self._run([given], lent.work, self.timeout_s, outputs=lent.work.path)
            answer = parse_answer(finished.stdout, artifacts=1)
            if answer is None or answer.error:
                return _without_answer(finished, report, answer, runtime, self.timeout_s, self.limits)
            run = judge_result(answer.artifacts[0], lent.work, folder, runtime)
        if self.info.emulated_cpu:
            run = replace(run, load_ms=None, first_ms=None, peak_rss_bytes=None)
        return replace(run, flat=FORMATS[given.format].flat_outputs)

    def time_load(self, base: SmokeInput, head: SmokeInput, *, seed: int, rounds: int, budget_ms: int) -> Load | str:
        if base.format != head.format or self.android.missing(base.format, self.info.abi):
            return f"{base.format} and {head.format} can't be timed together on device {self.info.kind}"
        if self.info.emulated_cpu:
            return EMULATED
        runtime = self.info.runtimes[base.format]
        timing = Timed(base, head, seed, rounds, budget_ms)
        limit_s = self.timeout_s * 2 + budget_ms / 1000
        with lent_folder(FOLDER_PREFIX) as lent:
            finished, report = self._run(timing.artifacts(), lent.work, limit_s, timing=timing)
        answer = parse_answer(finished.stdout, artifacts=3)
        if answer is None or answer.error:
            return _without_answer(finished, report, answer, runtime, limit_s, self.limits).reason
        return judge_times(timing, answer.artifacts, runtime)

    def uncountable(self) -> str | None:
        """Say why nothing can be counted here, with the next step where there is one; None if it can."""
        return java.why_uncounted(self.android, self.info.abi)

    def count(self, given: SmokeInput, counted: Counted, limit_s: float) -> tuple[Counts, ...] | str:
        """Have calls of one artifact counted in a process of its own, or say why that could not be.

        The emulator counts, and where nothing is emulated this machine's own core.
        """
        if missing := self.android.missing(given.format, self.info.abi) or self.uncountable() or uncallable(given):
            return missing
        with lent_folder(FOLDER_PREFIX) as lent:
            finished, report = self._run([given], lent.work, limit_s, counted=counted)
            answer = parse_answer(finished.stdout, artifacts=1)
            if answer is not None and answer.counter_errno is not None:
                return core.refused(answer.counter_errno)
            if answer is None or answer.error:
                runtime = self.info.runtimes[given.format]
                return _without_answer(finished, report, answer, runtime, limit_s, self.limits).reason
            (result,) = answer.artifacts
            if result.error:
                return shorten(f"{result.error.stage}: {result.error.message or result.error.type}")
            counts = parse_counts(_written(lent.work, COUNTS_FILE, COUNTS_LIMIT_BYTES), counted)
        if counts is None or result.counted_calls != counted.marked:
            return MISSED if self.info.emulated_cpu else TAKEN_AWAY
        return counts

    def _run(
        self,
        artifacts: Sequence[SmokeInput],
        work: Opened,
        limit_s: float,
        *,
        outputs: Path | None = None,
        timing: Timed | None = None,
        counted: Counted | None = None,
    ) -> tuple[Finished, str]:
        """Run the program in a folder lent to it; returns its end and what a crash left: a report, its streams."""
        runtime = FORMATS[artifacts[0].format].runtime
        error_file = work.path.absolute() / ERROR_FILE
        abi = self.info.abi
        by_core = counted is not None and not self.info.emulated_cpu
        by_plugin = counted is not None and not by_core
        plugin = ("-plugin", f"{self.android.work_plugin},counts={COUNTS_FILE},memory=on") if by_plugin else ()
        start = java.launch(self.android, runtime, abi, self.info.emulated_cpu, plugin)
        arguments = words(
            artifacts,
            here,
            runtime=runtime,
            # What other threads execute is not counted.
            threads=1 if counted else self.info.threads,
            libraries=str(self.android.libraries(runtime, abi)),
            shim=str(self.android.layer(abi)),
            outputs=here(outputs) if outputs else None,
            timing=timing,
            counted=counted,
            counts=COUNTS_FILE if by_core else None,
        )
        walls = self._walls(artifacts, work.path, start.readable, counter=by_core) if self.walled else None
        classes = ("-cp", self.android.desktop_classpath(runtime))
        flags = FLAGS if timing else (*FLAGS, java.UNCOMPILED)
        options = [*flags, DIRECT_MEMORY, f"-XX:ErrorFile={error_file}", f"-Djava.io.tmpdir={work.path}", *classes]
        finished = finish_supervised(
            [*start.argv, *options, "dev.pocketfit.Desktop", *arguments],
            timeout=limit_s,
            limits=self.limits,
            walls=walls,
            cwd=work.path,
            env=_environment(work.path, start.environment),
        )
        written = _written(work, ERROR_FILE, REPORT_LIMIT_BYTES)
        return finished, "\n".join([written, finished.stdout, finished.stderr])

    def _walls(self, artifacts: Sequence[SmokeInput], folder: Path, readable: Sequence[str], *, counter: bool) -> Walls:
        """Java, our program with its libraries, and the artifacts with their inputs; it writes into `folder` alone."""
        given = [str(path.absolute()) for each in artifacts for path in (each.artifact, each.folder)]
        jdk = str(_jdk())
        home = os.environ.get("JAVA_HOME", jdk)
        seen = (*of_system(), jdk, home, *readable, str(self.android.folder), *given)
        return Walls(seen, writable=(str(folder.absolute()),), counter=counter)


def _written(work: Opened, file: str, limit_bytes: int) -> str:
    """What a run left in a file of its folder; nothing where it left none that can be read."""
    try:
        return work.read(file, limit_bytes).decode(errors="replace")
    except (OSError, ValueError):
        return ""


def _jdk() -> Path:
    return Path(shutil.which("java") or "java").resolve().parents[1]


def _note(abi: str) -> str:
    if java.is_emulated(abi):
        return EMULATED_NOTE
    return X86_NOTE if abi == "x86_64" else ""


def _runtimes(android: AndroidSide, abi: str) -> dict[str, str]:
    """The Android library for each format that there is one for in a JVM of this ABI."""
    return {format: name for format, name in android.of_formats().items() if not android.missing(format, abi)}


def _without_answer(
    finished: Finished, report: str, answer: Answer | None, runtime: str, limit_s: float, limits: ResourceLimits
) -> DeviceRun:
    """Explain the end of a run that has no result: a crash or a hang is the model's, all else is a fault of ours."""
    if answer and answer.error:
        problem = answer.error
        return DeviceRun(
            "infra-error", shorten(f"{problem.message or problem.type}: run {android_command()} again"), runtime
        )
    if hit := describe_hit(finished.hit, limits):
        return DeviceRun("failed", shorten(f"the runtime's process {hit}"), runtime)
    # A timeout kills the process, which is no crash; but a crash can hang in the JVM's own report of it.
    if crash := describe_crash(report, None if finished.timed_out else finished.signal_name):
        return DeviceRun("failed", shorten(crash), runtime)
    if finished.timed_out:
        return DeviceRun("failed", f"no answer in {limit_s:.0f} s", runtime)
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    last_line = lines[-1] if lines else "it printed nothing"
    return DeviceRun("infra-error", shorten(f"java exited with {finished.code}: {last_line}"), runtime)


def _environment(folder: Path, started: Mapping[str, str]) -> dict[str, str]:
    """The allowed part of ours, and that which Java is started with; its libraries are found before ours."""
    ours = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    searched = ":".join(filter(None, (started.get("LD_LIBRARY_PATH"), ours.get("LD_LIBRARY_PATH"))))
    # Without a UTF-8 locale Java can't open a file whose name is not ASCII.
    own = {"LC_ALL": "C.UTF-8", "TMPDIR": str(folder.absolute()), "HOME": str(folder.absolute())}
    return ours | own | dict(started) | ({"LD_LIBRARY_PATH": searched} if searched else {})
