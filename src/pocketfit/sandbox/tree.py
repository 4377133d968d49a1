"""Looks at all that came from this process: how much memory and how many tasks it has, and its end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator

# To the end of a bomb that grows while it is fought.
PATIENCE_S = 60.0


def descendants(of: str = "self") -> list[int]:
    """Every process that came from this one, or from `of`; both take in those whose parents died."""
    found: list[int] = []
    waiting = list(children(of))
    while waiting:
        found.append(waiting.pop())
        waiting += children(str(found[-1]))
    return found


def children(pid: str) -> Iterator[int]:
    """The processes that this one started or took in."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                yield from map(int, file.read().split())
        except OSError:
            continue


def usage(pids: Iterable[int]) -> tuple[int, int]:
    """Memory of these processes in bytes, and how many threads they have. Files that are mapped don't count.

    Memory that several share counts for each: no less than what they really use.
    """
    total_kb = tasks = 0
    for pid in pids:
        fields = _fields(f"/proc/{pid}/status")
        total_kb += fields.get(b"RssAnon", 0) + fields.get(b"RssShmem", 0)
        tasks += fields.get(b"Threads", 1)
    return total_kb * 1024, tasks


def exact_memory(pids: Iterable[int], become: Callable[[], None] | None) -> int:
    """The same memory, where each page counts once. It takes long for large processes.

    `become` makes a child of ours one that may look at them, where we may not.
    """
    total_kb = 0
    for pid in pids:
        fields = _fields(f"/proc/{pid}/status")
        at_most_kb = fields.get(b"RssAnon", 0) + fields.get(b"RssShmem", 0)
        path = f"/proc/{pid}/smaps_rollup"
        shares = _fields(path) or (_in_child(become, path) if become else {})
        total_kb += shares[b"Pss_Anon"] + shares.get(b"Pss_Shmem", 0) if b"Pss_Anon" in shares else at_most_kb
    return total_kb * 1024


def _in_child(become: Callable[[], None], path: str) -> dict[bytes, int]:
    """The fields of a file that only another user may read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            become()
            with open(path, "rb") as file:
                os.write(writing, file.read())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        fields = _parsed(file.read())
    os.waitpid(pid, 0)
    return fields


def _fields(path: str) -> dict[bytes, int]:
    try:
        with open(path, "rb") as file:
            return _parsed(file.read())
    except OSError:
        return {}


def _parsed(text: bytes) -> dict[bytes, int]:
    """The fields of a file of /proc that begin with a number."""
    fields = {}
    for line in text.splitlines():
        name, _, value = line.partition(b":")
        first = value.split()[:1]
        if first and first[0].isdigit():
            fields[name] = int(first[0])
    return fields


def end_all(become: Callable[[], None] | None) -> int:
    """Kill every process that came from this one, whatever session it is in; returns how many there were.

    `become` makes a child of ours a user of theirs alone: one call then reaches them all.
    """
    ended = 0
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if become:
            _kill_as(become)
        else:
            found = descendants()
            # Stopped first: while some are killed the others would start more.
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in found:
                    _send(pid, number)
        reaped, some_left = _reap()
        ended += reaped
        if not some_left:
            break
        if not reaped:
            time.sleep(0.002)
    return ended


def _kill_as(become: Callable[[], None]) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            become()
            # Everything that we may signal, ourselves excepted: all of that user's.
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return


def _reap() -> tuple[int, bool]:
    """Take leave of all children that ended; returns their number, and whether others are still there."""
    reaped = 0
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return reaped, False
        if pid == 0:
            return reaped, True
        reaped += 1
