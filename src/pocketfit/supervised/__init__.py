"""Runs programs by strangers, each under a supervisor of its own: see sandbox/supervisor.py."""

from __future__ import annotations

import contextlib
import errno
import logging
import marshal
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from pocketfit import sandbox
from pocketfit.errors import CommandError
from pocketfit.process import Finished, check_wanted, stoppable, were_stopped
from pocketfit.sandbox import bubblewrap_probe
from pocketfit.sandbox.order import Answer, Order, ResourceLimits, Walls, order
from pocketfit.supervised.forks import ForkedSupervisor, ForkServer

log = logging.getLogger(__name__)

# A supervisor's own time to end what it watches; it is killed if it takes longer.
SUPERVISORS_S = 90.0
SUPERVISOR = Path(sandbox.__file__).with_name("supervisor.py")
# An interpreter may need it to find its own library.
SUPERVISORS_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")


def finish_supervised(
    args: Sequence[str | Path],
    *,
    timeout: float,
    limits: ResourceLimits,
    walls: Walls | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    last_words: bool = False,
    server: ForkServer | None = None,
) -> Finished:
    """Run a program by strangers to its end, or to its first limit; nothing that came from it is left then.

    Of its output the first and the last megabyte are kept; with `last_words` it gets SIGABRT when its time is up, and a
    moment to print where it is. Within `walls` it has a user of its own where we are root,
    and the folders that it may write are given to that. A `server` that serves forks it, and the program is what the
    server has imported; `args` are then what it finds as its own. Raises CommandError where it can't be started.
    """
    check_wanted(args)
    words = [str(arg) for arg in args]
    log.debug("$ %s", shlex.join(words))
    told = order(
        words,
        cwd=str(cwd or Path.cwd()),
        env=os.environ if env is None else env,
        timeout_s=timeout,
        limits=limits,
        walls=walls,
        bubblewrap=bubblewrap_probe.found() if walls else "",
        last_words=last_words,
    )
    forked = server.fork() if server else None
    if forked:
        told["forked"] = True
    with contextlib.closing(forked) if forked else contextlib.nullcontext():
        answer, code = _ask_supervisor(told, forked or _start())
    if answer is None:
        return Finished(code, "", "", hit="stopped" if were_stopped() else "")
    if answer["code"] is None:
        raise _not_started(words[0], *answer["problem"])
    hit = answer["hit"]
    if not hit and answer["code"] == -signal.SIGXFSZ:
        hit = "file"
    return Finished(
        answer["code"],
        answer["stdout"].decode(errors="replace"),
        answer["stderr"].decode(errors="replace"),
        timed_out=hit == "time",
        hit=hit or ("stopped" if were_stopped() else ""),
        left=answer["left"],
    )


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # Isolated and without packages: its start is paid for every program.
        [sys.executable, "-I", "-S", str(SUPERVISOR)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={name: os.environ[name] for name in SUPERVISORS_ENVIRONMENT if name in os.environ},
    )


def _ask_supervisor(told: Order, process: subprocess.Popen[bytes] | ForkedSupervisor) -> tuple[Answer | None, int]:
    """Have a supervisor run a program; returns what it says, None where it was killed, and its own exit code."""
    words = marshal.dumps(dict(told))
    assert process.stdin is not None
    assert process.stdout is not None
    # It keeps the time itself, unless the program found a way to it.
    killer = threading.Timer(told["timeout_s"] + SUPERVISORS_S, process.kill)
    killer.daemon = True
    killer.start()
    said = b""
    with stoppable(process, process.terminate):
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(len(words).to_bytes(8, "little") + words)
                process.stdin.flush()
            said = process.stdout.read()
        finally:
            # Where we are interrupted, this is what ends it.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            try:
                process.wait(timeout=SUPERVISORS_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
            killer.cancel()
    answer = _read(said) if process.returncode == 0 else None
    return answer, process.returncode or (-signal.SIGKILL if answer is None else 0)


def _read(said: bytes) -> Answer | None:
    """The answer, whole: one who was killed may have said the beginning of it."""
    try:
        answer: Answer = marshal.loads(said)
    except (EOFError, ValueError, TypeError):
        return None
    return answer


def _not_started(program: str, name: str, number: int, sentence: str) -> CommandError:
    if sentence:
        return CommandError(program, 126, sentence)
    if number == errno.ENOENT:
        return CommandError(program, 127, f"{name} not found")
    return CommandError(program, 126, f"{name} may not be run")
