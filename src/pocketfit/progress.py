"""What a run is at, told while it happens: each thing that it works on, its stage, and what became of it.

Rooms tell, and whoever observes decides what to show of it: the command line alone does (cli/watching.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from pocketfit.records import SideName
from pocketfit.text import clean

Phase = Literal["packages", "build", "try", "time", "count"]
State = Literal["working", "done", "failed"]

EVERY_S = 1.0


@dataclass(frozen=True)
class Progress:
    """One thing that a run works on, as it is at one moment: a variant of a side, a file, or a requirements file.

    `side` is None where there are no sides, or both are meant. `stage` is what is done with it, or what became of it
    once `state` is no longer "working". `of` is how many things its phase has, 0 where nobody knows.
    """

    phase: Phase
    side: SideName | None
    name: str
    stage: str
    state: State = "working"
    elapsed_s: float = 0.0
    of: int = 0

    @property
    def title(self) -> str:
        return " ".join(filter(None, (self.side, self.name)))


Observer = Callable[[Progress], None]

# The last one observes.
_observers: list[Observer] = []
_lock = threading.Lock()


def tell(progress: Progress) -> None:
    """Hand this to the observer, if there is one, from any thread. Names and stages may be a stranger's words."""
    with _lock:
        for observer in _observers[-1:]:
            observer(replace(progress, name=clean(progress.name), stage=clean(progress.stage)))


@contextmanager
def observed_by(observer: Observer) -> Iterator[None]:
    """While the block runs, `observer` is told; it is called from one thread at a time."""
    with _lock:
        _observers.append(observer)
    try:
        yield
    finally:
        with _lock:
            _observers.remove(observer)


class Work:
    """One thing while it is worked on: `at` says which stage it is at, `end` what became of it."""

    def __init__(self, begun: Progress) -> None:
        self._begun, self._began, self.stage = begun, time.monotonic(), begun.stage

    def at(self, stage: str) -> None:
        """Note the stage; it is told within a second."""
        self.stage = stage

    def told(self) -> None:
        """Tell how far it is."""
        tell(replace(self._begun, stage=self.stage, elapsed_s=time.monotonic() - self._began))

    def end(self, what: str, *, failed: bool = False) -> None:
        """Tell what became of it."""
        state: State = "failed" if failed else "done"
        tell(replace(self._begun, stage=what, state=state, elapsed_s=time.monotonic() - self._began))


@contextmanager
def working(begun: Progress, look: Callable[[], str] | None = None, every_s: float = EVERY_S) -> Iterator[Work]:
    """While the block runs, tell at once and then every second what is worked on, and for how long.

    `look` finds the stage where the work can't say it itself. What became of it is for the block to say.
    """
    work = Work(begun)
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(every_s):
            if look:
                work.at(look())
            work.told()

    tell(begun)
    teller = threading.Thread(target=repeat, daemon=True)
    teller.start()
    try:
        yield work
    finally:
        over.set()
        teller.join()
