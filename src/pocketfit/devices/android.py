"""An Android device that is up: what `adb` and `emulator` share. Everything on it lives in one folder of ours."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import secrets
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pocketfit import __version__
from pocketfit.adb import Adb, DeviceGone
from pocketfit.devices.base import X86_NOTE, DeviceRun
from pocketfit.devices.program import Answer, describe_input, parse_answer
from pocketfit.devices.properties import Properties, check_usable, read_properties
from pocketfit.devices.reason import condense, shorten
from pocketfit.devices.tombstone import explain_death
from pocketfit.devices.verdict import judge_result
from pocketfit.elf import shipping_note
from pocketfit.errors import CommandError, EnvironmentProblem
from pocketfit.process import Finished
from pocketfit.records import DeviceInfo, SmokeInput, Timing
from pocketfit.runtime import RUNTIME_OF_FORMAT, AndroidSide, RuntimeName, find_android

log = logging.getLogger(__name__)

HOME = "/data/local/tmp/pocketfit"
MAIN = "dev.pocketfit.Main"
BACK_S = 120.0
SETTLE_S = 3.0
# How often the device looks whether the program still runs, and how large it is.
WATCH_S = 0.1

Outcome = TypeVar("Outcome", DeviceRun, Timing)


@dataclass(frozen=True)
class Ran:
    """The program's end on the device; `peak_rss_bytes` is what was seen from outside, should it have been killed."""

    done: Finished
    answer: Answer | None
    peak_rss_bytes: int | None
    timed_out: bool


class AndroidDevice:
    """`timeout_s` bounds one artifact; timing takes up to `rounds` rounds of four blocks, or `budget_ms`.

    What the device does to us (it is gone, its disk is full) is tried once more, and is never the model's fault.
    """

    def __init__(
        self, adb: Adb, *, threads: int = 1, timeout_s: float = 120, rounds: int = 20, budget_ms: int = 15_000
    ) -> None:
        self.adb = adb
        self.threads = threads
        self.timeout_s = timeout_s
        self.rounds = rounds
        self.budget_ms = budget_ms
        self.work = f"{HOME}/run-{secrets.token_hex(6)}"
        self._there: set[str] = set()
        self._properties: Properties | None = None

    def open(self) -> None:
        """Read what the device is; raises EnvironmentProblem where it can't run our libraries."""
        android = find_android()
        self._properties = read_properties(self.adb, android.abis())
        check_usable(self._properties, android, self.adb.serial)
        self._prepare()

    def close(self) -> None:
        """Remove what was pushed, but for the runtime, which the next run finds again."""
        with contextlib.suppress(CommandError):
            self.adb.shell(f"pkill -9 -f '[d]ev.pocketfit.Main'; rm -rf {self.work}")

    def info(self) -> DeviceInfo:
        properties, android = self._known(), find_android()
        x86 = X86_NOTE if properties.abi.startswith("x86") else ""
        return DeviceInfo(
            kind="adb",
            abi=properties.abi,
            cpu=properties.model,
            threads=self.threads,
            runtimes={format: str(android.runtimes[name]) for format, name in RUNTIME_OF_FORMAT.items()},
            notes=tuple(note for note in (x86, shipping_note(android)) if note),
            model=properties.model,
            android=properties.android,
            api_level=properties.api_level,
            page_size_bytes=properties.page_size_bytes,
            cores=properties.cores,
            free_memory_bytes=properties.free_memory_bytes,
        )

    def smoke(self, given: SmokeInput, folder: Path) -> DeviceRun:
        if given.format not in RUNTIME_OF_FORMAT:
            return DeviceRun("skipped", f"no Android runtime for format {given.format} runs on this device")
        runtime = str(find_android().runtimes[RUNTIME_OF_FORMAT[given.format]])
        return self._twice(
            lambda: self._smoke(given, folder, runtime), lambda reason: DeviceRun("infra-error", reason, runtime)
        )

    def time_pair(self, base: SmokeInput, head: SmokeInput) -> Timing:
        runtime = str(find_android().runtimes[RUNTIME_OF_FORMAT[base.format]])
        return self._twice(lambda: self._time(base, head, runtime), lambda reason: Timing(reason=reason))

    def _smoke(self, given: SmokeInput, folder: Path, runtime: str) -> DeviceRun:
        ran = self._run([given])
        if ran.answer is None or ran.answer.error:
            return self._died(ran, runtime)
        result = ran.answer.artifacts[0]
        if result.outputs:
            self.adb.pull(f"{self.work}/outputs/.", folder)
        return judge_result(result, folder, runtime)

    def _time(self, base: SmokeInput, head: SmokeInput, runtime: str) -> Timing:
        ran = self._run([base, head], rounds=self.rounds)
        if ran.answer is None or ran.answer.error:
            return Timing(reason=self._died(ran, runtime).reason)
        for result in ran.answer.artifacts:
            if result.error:
                return Timing(reason=condense(result.error, runtime))
        before, after = ran.answer.artifacts
        return Timing(before.samples_ms, after.samples_ms)

    def _twice(self, attempt: Callable[[], Outcome], gave_up: Callable[[str], Outcome]) -> Outcome:
        """Once more after the device was lost; then it is nobody's fault but the machine's."""
        try:
            return attempt()
        except CommandError as first:
            log.warning("%s: %s; once more", self.adb.serial, first)
        try:
            self._recover()
            return attempt()
        except (CommandError, EnvironmentProblem) as second:
            return gave_up(shorten(str(second)))

    def _recover(self) -> None:
        """Wait until the device is back; a reboot keeps its files, a full disk may have kept half of one."""
        # One that is going down still answers for a moment.
        time.sleep(SETTLE_S)
        end = time.monotonic() + BACK_S
        while not self._is_up(end - time.monotonic()):
            if time.monotonic() > end:
                raise DeviceGone("adb", 124, f"{self.adb.serial} did not come back in {BACK_S:.0f} s")
            time.sleep(1)
        self.close()
        self._there.clear()
        self._prepare()

    def _is_up(self, timeout: float) -> bool:
        # While it reboots it is refused, offline and there in turn.
        try:
            self.adb.reconnect(max(1, timeout))
            return self.adb.getprop("sys.boot_completed") == "1"
        except DeviceGone:
            return False

    def _prepare(self) -> None:
        # What an earlier run of ours left running would share the cores that we time on.
        self.adb.shell(f"pkill -9 -f '[d]ev.pocketfit.Main'; mkdir -p {self.work}/files")

    def _run(self, given: Sequence[SmokeInput], rounds: int = 0) -> Ran:
        android = find_android()
        name = RUNTIME_OF_FORMAT[given[0].format]
        libraries = self._push_runtime(android, name)
        files = self._push_files([path for one in given for path in (one.artifact, *_inputs(one))])
        words = [__version__, f"runtime={name}", f"threads={self.threads}", f"libraries={libraries}"]
        if rounds:
            words += [f"rounds={rounds}", f"budget_ms={self.budget_ms}"]
        for one in given:
            words.append(f"artifact={files[one.artifact]}")
            words += [f"input={describe_input(tensor, files[one.folder / tensor.file])}" for tensor in one.inputs]
            words += [] if rounds else [f"outputs={self.work}/outputs"]
        limit_s = self.timeout_s * len(given) + (self.budget_ms / 1000 if rounds else 0)
        return self._start(libraries, words, limit_s)

    def _start(self, libraries: str, words: Sequence[str], limit_s: float) -> Ran:
        """The device itself watches the program: for how long it runs, and how large it gets."""
        program = "app_process64" if "64" in self._known().abi else "app_process"
        script = _WATCH.format(
            outputs=f"{self.work}/outputs",
            command=f"CLASSPATH={libraries}/runner.jar {program} {libraries} {MAIN} {shlex.join(words)}",
            limit_s=int(limit_s),
            watch_s=WATCH_S,
        )
        done = self.adb.shell_to_its_end(script, timeout=limit_s + 30)
        if done.timed_out:
            raise DeviceGone("adb shell", 124, f"{self.adb.serial} gave no answer in {limit_s + 30:.0f} s")
        said = dict(line.split(":", 1) for line in done.stdout.splitlines() if line.startswith("pocketfit-"))
        peak_kb = "".join(letter for letter in said.get("pocketfit-peak", "") if letter.isdigit())
        return Ran(
            done,
            parse_answer(done.stdout, artifacts=sum(word.startswith("artifact=") for word in words)),
            int(peak_kb) * 1024 if peak_kb else None,
            "pocketfit-late" in said,
        )

    def _died(self, ran: Ran, runtime: str) -> DeviceRun:
        """How a run ended that says nothing about the artifact itself: a crash, a hang, or a fault of the device."""
        run = DeviceRun("failed", "", runtime, peak_rss_bytes=ran.peak_rss_bytes)
        if ran.answer and ran.answer.error:
            problem = ran.answer.error
            return replace(run, status="infra-error", reason=shorten(problem.message or problem.type))
        if ran.timed_out:
            return replace(run, reason=f"no answer in {self.timeout_s:.0f} s")
        logcat = self.adb.shell_to_its_end("logcat -d -b crash -t 200; logcat -d -b main,system -t 200", 30).stdout
        if death := explain_death(ran.done.code, logcat, ran.peak_rss_bytes):
            return replace(run, reason=shorten(death))
        lines = [line.strip() for line in (ran.done.stderr or ran.done.stdout).splitlines() if line.strip()]
        said = next((line for line in reversed(lines) if not line.startswith("pocketfit-")), "it printed nothing")
        return replace(run, status="infra-error", reason=shorten(f"app_process exited with {ran.done.code}: {said}"))

    def _push_runtime(self, android: AndroidSide, name: RuntimeName) -> str:
        """The program and the libraries of a runtime, cached under their hash from run to run."""
        folder = android.libraries(name, self._known().abi)
        sources = [android.folder / "runner.jar", *sorted(folder.glob("*.so"))]
        target = f"{HOME}/{name}-{_digest(sources)}"
        if target not in self._there:
            there = self.adb.shell_to_its_end(f"test -d {target}", 20).code == 0
            if not there:
                log.info("%s: pushing %s", self.adb.serial, android.runtimes[name])
                # Under another name until it is whole: a push can be cut off anywhere.
                partial = f"{self.work}/runtime"
                self.adb.shell(f"rm -rf {partial}; mkdir -p {partial}")
                self.adb.push(sources, partial)
                # Newer Androids load no code that can still be written to.
                self.adb.shell(f"chmod 444 {partial}/*; mv {partial} {target}")
            self._there.add(target)
        return target

    def _push_files(self, paths: Sequence[Path]) -> dict[Path, str]:
        """Each file under its hash, so that what is there already is not pushed again."""
        names = {path: f"{_digest([path])}{path.suffix}" for path in paths}
        missing = {name: path for path, name in names.items() if name not in self._there}
        if missing:
            with _renamed(missing) as sources:
                self.adb.push(sources, f"{self.work}/files")
            self._there.update(missing)
        return {path: f"{self.work}/files/{name}" for path, name in names.items()}

    def _known(self) -> Properties:
        if self._properties is None:
            raise EnvironmentProblem(f"{self.adb.serial} was not opened")
        return self._properties


# Its parts are separated by newlines: a shell of Android's sees it as one command of ours (adb.py adds the end).
_WATCH = """rm -rf {outputs}; mkdir -p {outputs}
{command} &
pid=$!; peak=; end=$(($(date +%s) + {limit_s}))
while kill -0 $pid 2>/dev/null; do
  seen=$(grep VmHWM /proc/$pid/status 2>/dev/null); peak=${{seen:-$peak}}
  if [ $(date +%s) -gt $end ]; then echo; echo pocketfit-late:1; kill -9 $pid; break; fi
  sleep {watch_s}
done
wait $pid; code=$?
echo; echo pocketfit-peak:$peak
exit $code"""


def _inputs(given: SmokeInput) -> list[Path]:
    return [given.folder / tensor.file for tensor in given.inputs]


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\0".encode() if len(paths) > 1 else b"")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:24]


@contextlib.contextmanager
def _renamed(names: Mapping[str, Path]) -> Iterator[list[Path]]:
    """The files under other names, as links: adb names what it pushes after its source."""
    with tempfile.TemporaryDirectory(prefix="pocketfit-push-") as folder:
        for name, path in names.items():
            (Path(folder) / name).symlink_to(path.absolute())
        yield [Path(folder) / name for name in names]
