"""Our side of a fork server: starts it when it is needed first, and asks it for a supervisor with its program."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from pocketfit.process import stoppable

log = logging.getLogger(__name__)

FORK, READY = b"fork", b"+"
# It imports torch on a machine that may have much else to do.
START_S, FORK_S = 120.0, 30.0
# What came from it ends by itself; so does it.
END_S = 90.0
LONGEST_ANSWER = 65_536


class ForkedSupervisor:
    """A supervisor that a fork server forked, as `subprocess.Popen` has one that was started.

    Only its parent learns how it ended: `returncode` is 0 once it has, however it did.
    """

    def __init__(self, handle: int, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self.handle, self.stdin, self.stdout = handle, stdin, stdout
        self.returncode: int | None = None

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises subprocess.TimeoutExpired."""
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        if not poll.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired("supervisor", timeout or 0.0)
        self.returncode = 0
        return 0

    def close(self) -> None:
        """Let go of it; nothing can be sent to it any more."""
        os.close(self.handle)

    def _send(self, number: signal.Signals) -> None:
        # As for Popen: nothing is sent to who has ended.
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, number)


class ForkServer:
    """A server that is started when it is asked first, and gives None ever after it failed once.

    `args` are its words, to which the number of its socket and `kind` are added; `env` is all that it knows of ours.
    """

    def __init__(self, args: Sequence[str], kind: str, env: Mapping[str, str], cwd: Path) -> None:
        self._args, self._kind, self._env, self._cwd = list(args), kind, dict(env), cwd
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._failed = False
        self._early: frozenset[str] = frozenset()

    def early(self) -> frozenset[str] | None:
        """The modules that its forks have and a fresh process has not; None where it does not serve."""
        with self._lock:
            return self._early if self._serves() else None

    def fork(self) -> ForkedSupervisor | None:
        """A new supervisor, which waits for its order; None where it does not serve."""
        with self._lock, contextlib.ExitStack() as ends:
            if not self._serves():
                return None
            assert self._control is not None
            (reading, to_write), (to_read, writing) = os.pipe(), os.pipe()
            for descriptor in (reading, writing):
                ends.callback(os.close, descriptor)
            streams = os.fdopen(to_write, "wb"), os.fdopen(to_read, "rb")
            try:
                socket.send_fds(self._control, [FORK], [reading, writing])
                said, handles, _, _ = socket.recv_fds(self._control, len(FORK), 1)
            except OSError as error:
                said, handles = str(error).encode(), []
            if said == FORK and handles:
                return ForkedSupervisor(handles[0], *streams)
            for stream in streams:
                stream.close()
            self._give_up(f"it forked nothing: {said.decode(errors='replace') or 'it is gone'}")
            return None

    def close(self) -> None:
        """End the server, and wait for it."""
        with self._lock:
            self._failed = True
            self._end()

    def _serves(self) -> bool:
        if self._control is None and not self._failed:
            self._start()
        return self._control is not None

    def _start(self) -> None:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            try:
                self._process = subprocess.Popen(
                    [*self._args, str(its.fileno()), self._kind],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[its.fileno()],
                    start_new_session=True,
                    env=self._env,
                    cwd=self._cwd,
                )
            except OSError as error:
                ours.close()
                self._give_up(str(error))
                return
        self._control = ours
        ours.settimeout(START_S)
        with stoppable(self._process, self._process.kill, at_end=False):
            try:
                said = ours.recv(LONGEST_ANSWER)
            except OSError as error:
                said = str(error).encode()
        if not said.startswith(READY):
            self._give_up(said.decode(errors="replace") or "it ended")
            return
        ours.settimeout(FORK_S)
        self._early = frozenset(said[1:].decode().split())

    def _give_up(self, reason: str) -> None:
        log.debug("no fork server for %s: %s", self._kind, reason)
        self._failed = True
        if self._process:
            self._process.kill()
        self._end()

    def _end(self) -> None:
        if self._control:
            self._control.close()
            self._control = None
        if self._process:
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
