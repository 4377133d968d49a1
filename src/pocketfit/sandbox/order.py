"""Describes what a supervised program may use, see and do, and what is told to its supervisor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

KEPT_BYTES = 1_000_000


@dataclass(frozen=True)
class ResourceLimits:
    """The limits of one program with all that it starts; `memory_bytes` None is no limit.

    `processes` counts threads too, as the kernel does. A file of `file_bytes` is the largest that may be written;
    `files` is how many it may have in the folders that it writes to, and `folder_bytes` how much disk these may take,
    with what it keeps open without a name.
    """

    memory_bytes: int | None = None
    processes: int = 512
    file_bytes: int = 4_000_000_000
    open_files: int = 1024
    files: int = 100_000
    folder_bytes: int = 10_000_000_000


DEFAULT_LIMITS = ResourceLimits()


@dataclass(frozen=True)
class Walls:
    """All that a program may touch: paths to read and run, folders to list and to write, and the network or none.

    `ports`, where there are any, are the only ones of TCP that it may connect to. Paths that don't exist are left out.
    With `counter` it may ask the kernel to count what it executes itself, which it is to close once it has.
    """

    readable: tuple[str, ...] = ()
    listable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    network: bool = False
    ports: tuple[int, ...] = ()
    counter: bool = False


class Order(TypedDict):
    """The words to a supervisor: plain values, since it imports next to nothing.

    `bubblewrap` is the path of bwrap where the program is to be inside of it, else "". With `last_words` the program
    gets SIGABRT when its time is up, and a moment to say where it is. A `forked` one is what the fork server runs, in
    the process that there is: no other program is started.
    """

    args: list[str]
    cwd: str
    env: dict[str, str]
    timeout_s: float
    kept_bytes: int
    memory_bytes: int | None
    processes: int
    file_bytes: int
    open_files: int
    files: int
    folder_bytes: int
    walls: WallsOrder | None
    bubblewrap: str
    last_words: bool
    forked: bool


class WallsOrder(TypedDict):
    readable: list[str]
    listable: list[str]
    writable: list[str]
    network: bool
    ports: list[int]
    counter: bool


class Answer(TypedDict):
    """The end of a program, as its supervisor saw it.

    `code` is None where the program was never started, and `problem` why: a file's name and the error's number, or
    nothing and a sentence. `hit` names the limit that ended it: "time", "memory", "processes", "file", "files",
    "folder", or "".
    `left` counts the processes that it left behind, which were killed.
    """

    code: int | None
    problem: tuple[str, int, str]
    hit: str
    left: int
    stdout: bytes
    stderr: bytes


def order(
    args: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    timeout_s: float,
    limits: ResourceLimits,
    walls: Walls | None,
    bubblewrap: str = "",
    last_words: bool = False,
    forked: bool = False,
) -> Order:
    """The words that have a supervisor run `args` within these limits and walls; without walls it sees what we see."""
    return {
        "args": list(args),
        "cwd": cwd,
        "env": dict(env),
        "timeout_s": timeout_s,
        "kept_bytes": KEPT_BYTES,
        "memory_bytes": limits.memory_bytes,
        "processes": limits.processes,
        "file_bytes": limits.file_bytes,
        "open_files": limits.open_files,
        "files": limits.files,
        "folder_bytes": limits.folder_bytes,
        "walls": None if walls is None else _told(walls),
        "bubblewrap": bubblewrap if walls else "",
        "last_words": last_words,
        "forked": forked,
    }


def _told(walls: Walls) -> WallsOrder:
    return {
        "readable": list(walls.readable),
        "listable": list(walls.listable),
        "writable": list(walls.writable),
        "network": walls.network,
        "ports": list(walls.ports),
        "counter": walls.counter,
    }


def describe_hit(hit: str, limits: ResourceLimits) -> str:
    """Say which limit a program reached, in words that follow its name; "" for none, and for the time, which is not
    the limits' own.
    """
    if hit == "memory" and limits.memory_bytes:
        return f"needs more memory than the limit of {limits.memory_bytes / 1e9:.1f} GB"
    if hit == "processes":
        return f"started more than {limits.processes} processes and threads"
    if hit == "file":
        return f"wrote more than {limits.file_bytes / 1e9:g} GB into a file"
    if hit == "files":
        return f"made more than {limits.files:,} files, or folders that can't be looked into"
    if hit == "folder":
        return f"wrote more than {limits.folder_bytes / 1e9:g} GB of files"
    return ""
