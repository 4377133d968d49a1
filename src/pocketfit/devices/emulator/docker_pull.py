"""Pulls an image: tells how far it is, and notices where it no longer goes on."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pocketfit.devices.emulator.docker_problems import explain_pull, in_short
from pocketfit.errors import EnvironmentProblem
from pocketfit.units import format_bytes

log = logging.getLogger(__name__)

PROGRESS_S = 5
# Longer than it takes to check the largest layer of an emulator's image, during which nothing is said.
STALLED_S = 300

Event = Mapping[str, Any]


class PullProgress:
    """Adds up what Docker says of each layer; `error` is what the pull failed with, empty if all is well."""

    def __init__(self) -> None:
        self.error = ""
        self._bytes: dict[str, int] = {}
        self._ready: dict[str, bool] = {}

    def add(self, event: Event) -> None:
        self.error = str(event.get("error") or self.error)
        layer, status = str(event.get("id", "")), str(event.get("status", ""))
        if status == "Pulling fs layer":
            self._ready[layer] = False
        elif status == "Downloading":
            self._bytes[layer] = (event.get("progressDetail") or {}).get("current", 0)
        elif status == "Pull complete":
            self._ready[layer] = True

    def __str__(self) -> str:
        size = format_bytes(sum(self._bytes.values()))
        return f"{size}, {sum(self._ready.values())} of {len(self._ready)} layers unpacked"


def unstalled(source: Callable[[], Iterable[Event]], limit_s: float) -> Iterator[Event]:
    """The events of a source; raises TimeoutError when none comes for `limit_s` seconds, and what the source raises.

    Docker's SDK waits for ever. The thread that is left waiting ends with the process.
    """
    arrived: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()

    def feed() -> None:
        try:
            for event in source():
                arrived.put(event)
            arrived.put(None)
        except Exception as error:
            arrived.put(error)

    threading.Thread(target=feed, daemon=True).start()
    while True:
        try:
            event = arrived.get(timeout=limit_s)
        except queue.Empty:
            raise TimeoutError(f"no progress in {limit_s:.0f} s") from None
        if event is None:
            return
        if isinstance(event, BaseException):
            raise event
        yield event


def pull(image: str, source: Callable[[], Iterable[Event]]) -> None:
    """Follow a pull, which begins when `source` is called, to its end; raises EnvironmentProblem where it fails."""
    from docker.errors import DockerException

    progress, reported = PullProgress(), 0.0
    try:
        for event in unstalled(source, STALLED_S):
            progress.add(event)
            if time.monotonic() - reported > PROGRESS_S:
                log.info("emulator: pulling %s, %s", image, str(progress))
                reported = time.monotonic()
    except (DockerException, OSError) as error:
        raise EnvironmentProblem(explain_pull(image, in_short(error))) from error
    if progress.error:
        raise EnvironmentProblem(explain_pull(image, progress.error))
