"""The events of a pull: how far it is, and that it goes on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Event = Mapping[str, Any]


class PullProgress:
    """Adds up what Docker says about each layer; `error` is what it ended with, empty if all is well."""

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
        megabytes = sum(self._bytes.values()) / 1e6
        return f"{megabytes:.0f} MB, {sum(self._ready.values())} of {len(self._ready)} layers unpacked"


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
