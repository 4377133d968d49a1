"""The one place that starts programs."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from pocketfit.errors import CommandError

log = logging.getLogger(__name__)

# The runner gives a cancelled step 7.5 s before it kills the container; a laptop is more patient.
TIDY_UP_S = 30.0
# Who stops us gives us five.
GENTLE_S = 2.0
# What lies in a pipe when a program has ended is read in less.
DRAIN_S = 5.0


# What is run in any thread, each with what stops it, for `pool_of_threads`.
_running: dict[object, Callable[[], None]] = {}
_lock = threading.Lock()
_stopped = threading.Event()


def exit_on_sigterm() -> None:
    """Have SIGTERM and SIGHUP end this program as an exception does, through every `finally`, as SIGINT does anyway.

    Further ones of any of them are ignored then.
    """
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

    def leave(number: int, _: FrameType | None) -> None:
        # Once is enough: a second signal must not stop the tidying up.
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    for number in numbers:
        # Who started us with one ignored, as nohup does, means it.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, leave)


@dataclass(frozen=True)
class Finished:
    """The end of a program. A negative `code` is the number of the signal that killed it.

    `hit` names the limit of a supervised program that ended it (see supervised), and is "stopped" where we did,
    since we were told to stop. `left` counts the processes that it left running, which were killed.
    """

    code: int
    stdout: str
    stderr: str
    timed_out: bool = False
    hit: str = ""
    left: int = 0

    @property
    def signal_name(self) -> str | None:
        """`SIGSEGV` and the like, also where a shell or a JVM turned the signal into 128 + its number."""
        number = -self.code if self.code < 0 else self.code - 128
        try:
            return signal.Signals(number).name if number > 0 else None
        except ValueError:
            return None


def finish(
    args: Sequence[str | Path],
    *,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    gently: bool = False,
) -> Finished:
    """Run a program to its end, however it ends; after `timeout` seconds it is killed with all of its session.

    `env` replaces the environment; with `gently` the program is asked to end before it is killed, for those that have
    something to tidy up. A program that can't be started raises CommandError.
    """
    check_wanted(args)
    process = _start(args, cwd=cwd, env=env, stderr=subprocess.PIPE)
    stop = partial(_end_group if gently else _kill_group, process)
    timed_out = False
    with stoppable(process, stop):
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            stop()
            stdout, stderr = _drain(process)
    return Finished(process.returncode, stdout, stderr, timed_out)


def check_wanted(args: Sequence[str | Path]) -> None:
    """Raise CommandError where we were told to stop, so that nothing more is started."""
    if _stopped.is_set():
        raise CommandError(str(args[0]), 130, "not started, since we were told to stop")


def were_stopped() -> bool:
    """True while all that runs is being ended, since we were told to stop."""
    return _stopped.is_set()


@contextlib.contextmanager
def stoppable(process: object, stop: Callable[[], None], *, at_end: bool = True) -> Iterator[None]:
    """While the block runs, others can stop the program; unless it is to live on, it is stopped in every ending."""
    with _lock:
        _running[process] = stop
    if _stopped.is_set():
        # We were told so before it was among those to stop.
        stop()
    try:
        yield
    finally:
        # Also for grandchildren that outlived their parent.
        if at_end:
            stop()
        with _lock:
            _running.pop(process, None)


def _drain(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Take what a killed program printed, without waiting for those who left its session and still hold its pipes."""
    try:
        return process.communicate(timeout=DRAIN_S)
    except subprocess.TimeoutExpired:
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
        process.wait()
        return "", ""


def stream(
    args: Sequence[str], *, on_line: Callable[[str], None], timeout: float, cwd: Path, env: Mapping[str, str]
) -> int:
    """Run a program and hand over each line that it prints, stdout and stderr in their order; returns its exit code.

    Should we be told to stop, it is told so too and given time to tidy up.
    """
    process = _start(args, cwd=cwd, env=env, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    killer = threading.Timer(timeout, _kill_group, [process])
    killer.daemon = True
    killer.start()
    # What the child leaves running in its session holds the pipe open: it ends with the child.
    threading.Thread(target=_kill_group_after, args=[process], daemon=True).start()
    try:
        for line in process.stdout:
            on_line(line)
    except BaseException:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=TIDY_UP_S)
        raise
    finally:
        killer.cancel()
        _kill_group(process)
        process.wait()
    return process.returncode


@contextlib.contextmanager
def pool_of_threads(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that start programs with `finish`; the block ends when all that it submitted is done.

    Should it end in an exception, an interrupt above all, what they run is killed and nothing more is started: we wait
    for the threads, and they for their programs. Afterwards programs can be started again, to tidy up.
    """
    try:
        with ThreadPoolExecutor(max_workers=workers) as pool:
            try:
                yield pool
            except BaseException:
                _stop_all()
                raise
    finally:
        _stopped.clear()


def run(
    *args: str | Path,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    gently: bool = False,
) -> str:
    """Run a program that should succeed and return what it printed; else raise CommandError. `gently` as for finish."""
    return output_of(finish(args, timeout=timeout, cwd=cwd, env=env, gently=gently), str(args[0]), timeout)


def output_of(finished: Finished, program: str, timeout: float) -> str:
    """Return what a program printed that should have succeeded; raises CommandError where it did not."""
    if finished.timed_out:
        raise CommandError(program, 124, f"no answer in {timeout:.0f} s")
    if finished.code:
        raise CommandError(program, finished.code, finished.stderr or finished.stdout)
    return finished.stdout


def _start(
    args: Sequence[str | Path], *, cwd: Path | None, env: Mapping[str, str] | None, stderr: int
) -> subprocess.Popen[str]:
    """Start a program in a session of its own, so that all that stays in it can be killed too. Raises CommandError."""
    words = [str(arg) for arg in args]
    log.debug("$ %s", shlex.join(words))
    try:
        return subprocess.Popen(
            words,
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise CommandError(words[0], 127, f"{error.filename} not found") from error
    except PermissionError as error:
        raise CommandError(words[0], 126, f"{error.filename} may not be run") from error


def _stop_all() -> None:
    """Kill what every thread runs; from here on `finish` starts nothing."""
    _stopped.set()
    with _lock:
        for stop in _running.values():
            stop()


def _end_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=GENTLE_S)
    _kill_group(process)


def _kill_group_after(process: subprocess.Popen[str]) -> None:
    process.wait()
    _kill_group(process)


def _kill_group(process: subprocess.Popen[Any]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
