"""Lets model code start workers inside of the walls: pools, queues and locks of multiprocessing, and a DataLoader's.

They need semaphores in /dev/shm, which is everybody's, and hand tensors over through sockets and shared memory. Here
a semaphore is a counter of the kernel's that forked processes inherit, and a tensor goes through the queue's own pipe,
by value: nothing is opened that was closed, and workers end with the model's process.
"""

from __future__ import annotations

import multiprocessing
import os
import select
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

RECURSIVE, LARGEST = 0, 2**31 - 1


class Semaphore:
    """A semaphore as _multiprocessing.SemLock is one, for processes that are forked. `kind` 0 is a recursive lock."""

    SEM_VALUE_MAX = LARGEST
    # Without one nobody has to remove it.
    name = None

    def __init__(self, kind: int, value: int, maxvalue: int, name: str = "", unlink: bool = True) -> None:
        self.kind, self.maxvalue = kind, maxvalue
        self.handle = os.eventfd(value, os.EFD_SEMAPHORE | os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # How often this process holds it, and by which of its threads.
        self._held, self._owner = 0, 0

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        if self.kind == RECURSIVE and self._is_mine():
            self._held += 1
            return True
        until = None if timeout is None else time.monotonic() + max(0.0, timeout)
        while not self._take():
            left_s = None if until is None else until - time.monotonic()
            if not block or (left_s is not None and left_s <= 0):
                return False
            self._wait(left_s)
        self._held += 1
        self._owner = threading.get_ident()
        return True

    def release(self) -> None:
        if self.kind == RECURSIVE:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._held > 1:
                self._held -= 1
                return
        elif self._is_full():
            raise ValueError("semaphore or lock released too many times")
        self._held -= 1
        os.eventfd_write(self.handle, 1)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_raised: object) -> None:
        self.release()

    def __del__(self) -> None:
        # A child that was forked has a descriptor of its own.
        os.close(self.handle)

    def _take(self) -> bool:
        try:
            os.eventfd_read(self.handle)
        except BlockingIOError:
            return False
        return True

    def _wait(self, longest_s: float | None) -> bool:
        """Wait until it may be taken; False where that takes longer."""
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        return bool(poll.poll(None if longest_s is None else longest_s * 1000))

    def _is_full(self) -> bool:
        if self.maxvalue == 1:
            return not self._is_zero()
        return self.maxvalue < LARGEST and self._get_value() >= self.maxvalue

    def _count(self) -> int:
        return self._held

    def _is_mine(self) -> bool:
        return self._held > 0 and self._owner == threading.get_ident()

    def _get_value(self) -> int:
        # The kernel tells it to readers of /proc alone.
        with open(f"/proc/self/fdinfo/{self.handle}") as file:
            said = dict(line.split(":", 1) for line in file if ":" in line)
        return int(said["eventfd-count"], 16)

    def _is_zero(self) -> bool:
        return not self._wait(0)

    def _after_fork(self) -> None:
        self._held = 0


def let_start() -> None:
    """Put these in the place of the system's where that has none for us. They are for workers that are forked."""
    if _has_semaphores():
        return
    # It has no stubs.
    module: Any = import_module("_multiprocessing")
    module.SemLock = Semaphore
    _hand_over_by_value()


def _has_semaphores() -> bool:
    try:
        multiprocessing.get_context("fork").Lock()
    except OSError:
        return False
    return True


def _hand_over_by_value() -> None:
    """Let torch write what tensors hold into the pipe, instead of a name of memory that others would have to open."""
    from multiprocessing.reduction import ForkingPickler

    import torch
    import torch.multiprocessing

    ForkingPickler.register(torch.UntypedStorage, _reduced)
    storage: Any = torch.UntypedStorage
    # A DataLoader's worker stacks a batch in memory that is shared, to save the copy that is now made.
    storage._new_shared = classmethod(_new_own)


def _reduced(storage: torch.UntypedStorage) -> tuple[Any, tuple[bytes]]:
    import torch

    plain = torch.empty(0, dtype=torch.uint8).set_(storage)
    return _storage_of, (plain.numpy().tobytes(),)


def _storage_of(data: bytes) -> torch.UntypedStorage:
    import torch

    if not data:
        return torch.UntypedStorage(0)
    return torch.frombuffer(bytearray(data), dtype=torch.uint8).untyped_storage()


def _new_own(cls: Any, size: int, *, device: str = "cpu") -> Any:
    return cls(size, device=device)
