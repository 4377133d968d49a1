"""Reads how long each operator of an ExecuTorch program took, from what a runtime with an event tracer wrote (ETDump).

The fields are those of executorch/devtools/etdump/etdump_schema_flatcc.fbs of 1.5.1. Times are nanoseconds on Linux.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pocketfit.runtimes.flatbuffer import Broken, Flatbuffer, Table

# Behind the size of what follows, which stands first.
IDENTIFIER, START = b"ED00", 4
RUNS, EVENTS, PROFILE_EVENT = 1, 3, 0
NAME, DELEGATES_NAME, BEGAN, ENDED = 0, 4, 6, 7
WHOLE, PORTABLE = "Method::execute", "native_call_"
# XNNPACK counts the operators of a kind.
NUMBER = re.compile(r" #\d+$")


@dataclass(frozen=True)
class TracedForward:
    """One forward: all of it, and for each kind of operator how many ran and what they took, in nanoseconds."""

    total_ns: int
    operators: Mapping[str, tuple[int, int]]


def read_etdump(path: Path) -> tuple[TracedForward, ...]:
    """Every forward in the order in which they ran.

    Raises ValueError with a reason for what is no such file, OSError where it can't be read.
    """
    with path.open("rb") as file:
        buffer = Flatbuffer(file, START)
        if buffer.identifier != IDENTIFIER:
            raise Broken("it is no ETDump, which has ED00 at byte 8")
        runs = [_events(run) for run in buffer.root().tables(RUNS)]
    return tuple(_forward(events) for events in runs if any(name == WHOLE for name, _, _ in events))


def _events(run: Table) -> list[tuple[str, bool, int]]:
    """The name of each event, whether a delegate says it, and its nanoseconds."""
    profiled = [event.table(PROFILE_EVENT) for event in run.tables(EVENTS)]
    return [_event(event) for event in profiled if event is not None]


def _event(event: Table) -> tuple[str, bool, int]:
    inside = event.text(DELEGATES_NAME)
    took_ns = event.number(ENDED, "Q") - event.number(BEGAN, "Q")
    return inside or event.text(NAME) or "", inside is not None, max(took_ns, 0)


def _forward(events: Iterable[tuple[str, bool, int]]) -> TracedForward:
    """Sum up what runs nothing else: what a delegate names, and portable kernels without what stands around them."""
    total_ns, calls, took_ns = 0, defaultdict[str, int](int), defaultdict[str, int](int)
    for name, inside, event_ns in events:
        if inside or name.startswith(PORTABLE):
            kind = NUMBER.sub("", name) if inside else name.removeprefix(PORTABLE)
            calls[kind] += 1
            took_ns[kind] += event_ns
        elif name == WHOLE:
            total_ns = event_ns
    return TracedForward(total_ns, {kind: (calls[kind], took_ns[kind]) for kind in calls})
