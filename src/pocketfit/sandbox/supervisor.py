"""The supervisor of one program by a stranger: `python -I -S supervisor.py`, its order on stdin, its answer on stdout.

It waits for the program and never for what that printed, holds all that came from it to its limits, and ends with
nothing of it left. When its stdin closes, or on SIGTERM, the program is ended at once: stdin is its starter's life.
It imports next to nothing, since it is started for every program.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import sys
import time

if not __package__:
    # Started by its path, isolated: this is where the package is.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from pocketfit.sandbox import disk, identity, libc, tree
from pocketfit.sandbox.capture import Capture
from pocketfit.sandbox.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pocketfit.sandbox.order import Answer, Order

LOOK_EVERY_S = 0.2
# Where the quick look can't tell, and the exact one takes long.
LATER_EVERY_S = 1.0
# Looking at its files may take this part of the time.
DISK_EVERY_S, DISK_PART = 1.0, 0.05
# For a program that is told to say where it is before it ends.
LAST_WORDS_S = 5.0
READ_BYTES = 1 << 16


def main() -> None:
    ours = os.dup(1)
    order: Order = marshal.loads(_read_order())
    on_linux = sys.platform == "linux"
    if on_linux:
        libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)
    locks = []
    uid = behind = None
    answer: Answer = {"code": None, "problem": ("", 0, ""), "hit": "", "left": 0, "stdout": b"", "stderr": b""}
    try:
        if order["walls"] is not None and on_linux and identity.can_change_user():
            # The second is for our own children that reach the first one's processes.
            (uid, of_program), (behind, of_ours) = identity.own_user(), identity.own_user()
            locks += [of_program, of_ours]
            for folder in order["walls"]["writable"]:
                identity.give(folder, uid)
        _Supervised(order, uid, behind, answer).run()
    except OSError as error:
        answer["problem"] = ("", error.errno or 0, f"the sandbox can't be set up: {error.strerror or error}")
    try:
        with os.fdopen(ours, "wb") as stream:
            stream.write(marshal.dumps(dict(answer)))
    except BrokenPipeError:
        # Nobody is left to be told.
        pass
    finally:
        for lock in locks:
            lock.close()


def _read_order() -> bytes:
    size = int.from_bytes(_exactly(8), "little")
    return _exactly(size)


def _exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            sys.exit("the order ends too early")
        data += chunk
    return data


class _Supervised:
    """One program: started, watched, and ended with all that came from it."""

    def __init__(self, order: Order, uid: int | None, behind: int | None, answer: Answer) -> None:
        self.order, self.uid, self.answer = order, uid, answer
        # Whoever looks at the program may have no right less than it has.
        reading = identity.has_capability(identity.CAP_DAC_READ_SEARCH)
        self.become: Callable[[], None] | None = (
            None if uid is None else lambda: identity.become(uid, behind=behind, reading=reading)
        )
        self.streams: dict[int, Capture] = {}
        self.status: int | None = None
        # Of the first process in bubblewrap: where it tells how the program ended, and its number.
        self.end, self.init = -1, ""
        self.disk_at = time.monotonic() + DISK_EVERY_S

    def run(self) -> None:
        waking, to_wake = os.pipe()
        for descriptor in (waking, to_wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(to_wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        stopped: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
        child, out, err = self._start()
        if child is None:
            return
        try:
            self._watch(child, waking, stopped)
        finally:
            if self.init:
                # The kernel takes leave of these.
                self.answer["left"] = len(self._pids()) - (self.status is None)
            if self.status is None:
                # Before the others, so that its end is seen as what it is.
                self._kill(child)
            left = tree.end_all(self.become)
            if not self.init:
                self.answer["left"] = left
            self.answer["hit"] = self.answer["hit"] or self._look_at_disk([])
            for descriptor in list(self.streams):
                self._read_all(descriptor)
        assert self.status is not None
        self.answer["code"] = os.waitstatus_to_exitcode(self.status)
        self.answer["stdout"], self.answer["stderr"] = out.kept(), err.kept()

    def _abort(self, child: int) -> None:
        """Have the program, and nothing that it started, say where it is and end."""
        program = next(tree.children(self.init), None) if self.init else child
        try:
            if program is not None:
                os.kill(program, signal.SIGABRT)
        except OSError:
            # Without its last words, then.
            return

    def _kill(self, child: int) -> None:
        try:
            os.killpg(child, signal.SIGKILL)
            _, self.status = os.waitpid(child, 0)
        except OSError:
            self.status = signal.SIGKILL

    def _start(self) -> tuple[int | None, Capture, Capture]:
        """Start the program; None where that fails, which is then the answer's problem."""
        out, err = Capture(self.order["kept_bytes"]), Capture(self.order["kept_bytes"])
        (out_read, out_write), (err_read, err_write), (said, say) = os.pipe(), os.pipe(), os.pipe()
        self.end, end = os.pipe()
        child = os.fork()
        if child == 0:
            Program(self.order, self.uid, say, end).start(out_write, err_write)
        for descriptor in (out_write, err_write, say, end):
            os.close(descriptor)
        with os.fdopen(said, "rb") as stream:
            problem = stream.read()
        if not problem and self.order["bubblewrap"] and os.read(self.end, 1) != b"+":
            problem = marshal.dumps(("", 0, f"the sandbox can't be set up: {self._words(err_read)}"))
        if problem:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            self.answer["problem"] = marshal.loads(problem)
            return None, out, err
        if self.order["bubblewrap"]:
            self.init = str(next(tree.children(str(child)), child))
            os.set_blocking(self.end, False)
        for descriptor, capture in ((out_read, out), (err_read, err)):
            os.set_blocking(descriptor, False)
            self.streams[descriptor] = capture
        return child, out, err

    def _words(self, descriptor: int) -> str:
        """The last line of a stream that has come to its end."""
        with os.fdopen(descriptor, "rb") as stream:
            lines = stream.read(READ_BYTES).decode(errors="replace").splitlines()
        return lines[-1] if lines else "bwrap ended"

    def _watch(self, child: int, waking: int, stopped: list[int]) -> None:
        """Until the program ends, reaches a limit, or is no longer wanted."""
        poll = select.poll()
        for descriptor in (0, waking, *self.streams, *([self.end] if self.init else [])):
            poll.register(descriptor, select.POLLIN)
        began = time.monotonic()
        deadline, look_at = began + self.order["timeout_s"], began + LOOK_EVERY_S
        while True:
            wait_s = min(deadline, look_at) - time.monotonic()
            for descriptor, _ in poll.poll(max(0.0, wait_s) * 1000):
                if descriptor in self.streams:
                    if not self._read(descriptor):
                        poll.unregister(descriptor)
                elif descriptor == waking:
                    os.read(waking, READ_BYTES)
                elif descriptor == 0 and not os.read(0, READ_BYTES):
                    # Whoever started us is gone, or has had enough.
                    return
            if self._has_ended(child) or stopped:
                return
            now = time.monotonic()
            if now >= deadline:
                had_last_words = bool(self.answer["hit"]) or not self.order["last_words"]
                self.answer["hit"] = "time"
                if had_last_words:
                    return
                self._abort(child)
                deadline = now + LAST_WORDS_S
            if now >= look_at:
                hit, every_s = self._look()
                look_at = now + every_s
                if hit:
                    self.answer["hit"] = self.answer["hit"] or hit
                    return

    def _has_ended(self, child: int) -> bool:
        """Take leave of all that ended; True once the program is among them."""
        if self._was_told():
            return True
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                if not self._was_told():
                    self.status = _of_bubblewrap(status) if self.init else status
                return True
            if pid == 0:
                return False

    def _was_told(self) -> bool:
        """True once the first process in bubblewrap has told how the program ended."""
        if not self.init:
            return False
        try:
            word = os.read(self.end, 4)
        except BlockingIOError:
            return False
        if len(word) == 4:
            self.status = int.from_bytes(word, "little")
        return len(word) == 4

    def _pids(self) -> list[int]:
        return tree.descendants(self.init or "self")

    def _look(self) -> tuple[str, float]:
        """The limit that all that came from the program have passed, "" for none; and when to look again."""
        pids = self._pids()
        began = time.monotonic()
        if began >= self.disk_at:
            if hit := self._look_at_disk(pids):
                return hit, LOOK_EVERY_S
            self.disk_at = time.monotonic() + max(DISK_EVERY_S, (time.monotonic() - began) / DISK_PART)
        memory_bytes, tasks = tree.usage(pids)
        limit = self.order["memory_bytes"]
        if tasks > self.order["processes"]:
            return "processes", LOOK_EVERY_S
        if limit is None or memory_bytes <= limit:
            return "", LOOK_EVERY_S
        if tree.exact_memory(pids, self.become) > limit:
            return "memory", LOOK_EVERY_S
        return "", LATER_EVERY_S

    def _look_at_disk(self, pids: list[int]) -> str:
        """The limit on files that the program has passed, "" for none; without walls nobody knows where it writes."""
        if self.order["walls"] is None:
            return ""
        files, named_bytes = disk.usage(self.order["walls"]["writable"], self.order["files"])
        if files > self.order["files"]:
            return "files"
        nameless_bytes = disk.nameless_bytes(pids, self.become) if pids else 0
        return "folder" if named_bytes + nameless_bytes > self.order["folder_bytes"] else ""

    def _read(self, descriptor: int) -> bool:
        """Take what a stream holds now; False at its end."""
        try:
            chunk = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return True
        self.streams[descriptor].add(chunk)
        if not chunk:
            del self.streams[descriptor]
            os.close(descriptor)
        return bool(chunk)

    def _read_all(self, descriptor: int) -> None:
        """Take what is left in a stream, whoever may still hold its other end: no more than a pipe can hold."""
        for _ in range(64):
            try:
                chunk = os.read(descriptor, READ_BYTES)
            except BlockingIOError:
                return
            if not chunk:
                return
            self.streams[descriptor].add(chunk)


def _of_bubblewrap(status: int) -> int:
    """The end of all that was in bubblewrap, untold by its first process: what bwrap says of a signal is one."""
    code = os.waitstatus_to_exitcode(status)
    return code - 128 if code > 128 else status


if __name__ == "__main__":
    main()
