"""The fork server: a process that has imported what every job needs, and forks a supervisor with its program for each.

It holds nothing of any job and runs no code of a model's. A job's order goes through a pipe that only the fork reads;
to the server go two ends of pipes, and back comes a handle on the process that reads them. It ends with its owner.
"""

from __future__ import annotations

import multiprocessing.process
import os
import signal
import site
import socket
import sys
import tempfile

from pocketfit.sandbox import libc, supervisor
from pocketfit.sandbox.program import Forked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pocketfit.sandbox.order import Order

FORK = b"fork"
# Of what the server says first: that it serves, or why it does not.
READY, UNFIT = b"+", b"-"


def serve(control: socket.socket, early: Iterable[str]) -> list[str]:
    """Fork for each request, until the owner is gone; returns the program's words, in the program alone.

    `early` are the modules that it has and a fresh one has not, for the owner to know. The program is by then what a
    fresh process would be: see `_be_fresh`.
    """
    if problem := _problem():
        control.sendall(UNFIT + problem.encode())
        os._exit(1)
    control.sendall(READY + " ".join(early).encode())
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, len(FORK), 2)
        if data != FORK or len(descriptors) != 2:
            _leave()
        pid = os.fork()
        if pid == 0:
            return _supervise(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        # Nobody else takes leave of it, so the number is still its own.
        handle = os.pidfd_open(pid)
        try:
            socket.send_fds(control, [FORK], [handle])
        except OSError:
            _leave()
        finally:
            os.close(handle)
        _reap(os.WNOHANG)


def _problem() -> str:
    """Why this process must not be forked, "" where it may be."""
    if len(os.listdir("/proc/self/task")) > 1:
        # A fork is then a gamble on the locks that the others hold.
        return "what was imported started threads"
    with open("/proc/self/maps") as file:
        shared = [line.split()[-1] for line in file if line.split()[1][1::2] == "ws"]
    # What one fork writes there another would read.
    return f"what was imported shares memory that can be written: {shared[0]}" if shared else ""


def _leave() -> None:
    """End, after all that came from here: what they used is counted as ours, and ours as the owner's."""
    _reap(0)
    os._exit(0)


def _reap(options: int) -> None:
    while True:
        try:
            pid, _ = os.waitpid(-1, options)
        except ChildProcessError:
            return
        if pid == 0:
            return


def _supervise(reading: int, writing: int) -> list[str]:
    """Be a supervisor, which reads its order and says its answer here; returns in its program alone."""
    try:
        os.setsid()
        os.dup2(reading, 0)
        os.dup2(writing, 1)
        libc.close_from(3)
        order = _order_of(supervisor.main)
    except BaseException:
        os._exit(1)
    if order is None:
        os._exit(0)
    # All that the supervisor's frames held is gone with them; what is still open is its own, its answer above all.
    # That the last of it is closed tells the supervisor that the program begins.
    libc.close_from(3)
    _be_fresh(order)
    return order["args"]


def _order_of(supervise: Callable[[], None]) -> Order | None:
    try:
        supervise()
    except Forked as forked:
        return forked.order
    return None


def _be_fresh(order: Order) -> None:
    """Have what Python, numpy and torch took from their process at the start be this one's."""
    # Python sets this one by itself where nothing else says what letters there are.
    coerced = {name: os.environ[name] for name in ("LC_CTYPE",) if name in os.environ}
    os.environ.clear()
    os.environ.update(coerced | order["env"])
    signal.set_wakeup_fd(-1)
    # As Python has them when it starts.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    tempfile.tempdir = None
    # The random module does so by itself when it is forked.
    multiprocessing.process.current_process().authkey = os.urandom(32)
    multiprocessing.process.ORIGINAL_DIR = order["cwd"]  # type: ignore[attr-defined]
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()
    site.USER_BASE = site.USER_SITE = None
    site.getusersitepackages()
