"""The machine's memory, for programs that run at once: each has its share, or waits until it can have all of it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

# A child needs about 1 GB and one core.
MAX_CHILDREN = 4


def children_at_once() -> int:
    """How many models are built at once on this machine, where there are so many."""
    return min(MAX_CHILDREN, os.cpu_count() or 1)


class Room:
    """Room for `at_once` programs in `memory_bytes`. One that needs more than its share runs again, by itself.

    So no program can take what another needs, and a large one is not refused for the company that it had.
    """

    def __init__(self, at_once: int, memory_bytes: int) -> None:
        self.share_bytes = memory_bytes // at_once
        self._changed = threading.Condition()
        self._running = 0
        self._waiting = 0

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Run beside others while the block runs; whoever waits for all of the room goes first."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting == 0)
            self._running += 1
        try:
            yield
        finally:
            self._leave()

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Have the room to itself while the block runs: those that run are waited for, and no other begins."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._running == 0)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= 1
            self._leave()

    def _leave(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()
