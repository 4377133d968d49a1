"""The one place that starts programs."""

from __future__ import annotations

import contextlib
import logging
import os
import pwd
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from pocketfit.errors import CommandError

log = logging.getLogger(__name__)

# The runner gives a cancelled step 7.5 s before it kills the container; a laptop is more patient.
TIDY_UP_S = 30.0

# What `finish` runs in any thread, for `pool_of_threads` to stop.
_running: set[subprocess.Popen[str]] = set()
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


def were_stopped() -> bool:
    """True while all that runs is being ended, since we were told to stop."""
    return _stopped.is_set()


@dataclass(frozen=True)
class Finished:
    """The end of a program. A negative `code` is the number of the signal that killed it."""

    code: int
    stdout: str
    stderr: str
    timed_out: bool = False

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
    user: str | None = None,
) -> Finished:
    """Run a program to its end, however it ends; after `timeout` seconds it is killed with all its children.

    `env` replaces the environment, `user` is a name to run as (we must be root). A program that can't be
    started raises CommandError.
    """
    if _stopped.is_set():
        raise CommandError(str(args[0]), 130, "not started, since we were told to stop")
    process = _start(args, cwd=cwd, env=env, user=user, stderr=subprocess.PIPE)
    with _lock:
        _running.add(process)
    if _stopped.is_set():
        # We were told so between the two, when it was not among those to kill.
        _kill_group(process)
    try:
        stdout, stderr = process.communicate(timeout=timeout)
        return Finished(process.returncode, stdout, stderr)
    except subprocess.TimeoutExpired:
        _kill_group(process)
        stdout, stderr = process.communicate()
        return Finished(process.returncode, stdout, stderr, timed_out=True)
    finally:
        # Also on KeyboardInterrupt, and for grandchildren that outlived their parent.
        _kill_group(process)
        with _lock:
            _running.discard(process)


def stream(
    args: Sequence[str], *, on_line: Callable[[str], None], timeout: float, cwd: Path, env: Mapping[str, str]
) -> int:
    """Run a program and hand over each line that it prints, stdout and stderr in their order; returns its exit code.

    Should we be told to stop, it is told so too and given time to tidy up.
    """
    process = _start(args, cwd=cwd, env=env, user=None, stderr=subprocess.STDOUT)
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


def run(*args: str | Path, timeout: float, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run a program that should succeed and return what it printed; else raise CommandError."""
    finished = finish(args, timeout=timeout, cwd=cwd, env=env)
    if finished.timed_out:
        raise CommandError(str(args[0]), 124, f"no answer in {timeout:.0f} s")
    if finished.code:
        raise CommandError(str(args[0]), finished.code, finished.stderr or finished.stdout)
    return finished.stdout


def _start(
    args: Sequence[str | Path], *, cwd: Path | None, env: Mapping[str, str] | None, user: str | None, stderr: int
) -> subprocess.Popen[str]:
    """Start a program in a session of its own, so that it can be killed with all its children; raises CommandError."""
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
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
        )
    except FileNotFoundError as error:
        raise CommandError(words[0], 127, f"{error.filename} not found") from error
    except PermissionError as error:
        raise CommandError(words[0], 126, f"{error.filename} may not be run{f' by {user}' if user else ''}") from error


def _stop_all() -> None:
    """Kill what every thread runs; from here on `finish` starts nothing."""
    _stopped.set()
    with _lock:
        for process in _running:
            _kill_group(process)


def _kill_group_after(process: subprocess.Popen[str]) -> None:
    process.wait()
    _kill_group(process)


def _kill_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
