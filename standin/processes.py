"""A minimal Debian lacks pgrep and pkill: they are here, with what else /proc says of a process."""

from __future__ import annotations

import ctypes
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

from standin.state import State

_PR_SET_NAME = 15


def pgrep(state: State, words: list[str]) -> int:
    """Accept -f, which matches the whole command line, and -l, which prints the name too."""
    found = list(_matching(words))
    for pid, name in found:
        print(f"{pid} {name}" if "-l" in words else pid)
    return 0 if found else 1


def pkill(state: State, words: list[str]) -> int:
    """Accept -f, and one signal as -9, -KILL or -SIGKILL."""
    wanted = next((word[1:].removeprefix("SIG") for word in words if re.fullmatch(r"-(\d+|[A-Z]+)", word)), "TERM")
    number = int(wanted) if wanted.isdigit() else signal.Signals[f"SIG{wanted}"]
    found = list(_matching([word for word in words if not re.fullmatch(r"-(\d+|[A-Z]+)", word)]))
    for pid, _ in found:
        os.kill(pid, number)
    return 0 if found else 1


def _matching(words: list[str]) -> Iterator[tuple[int, str]]:
    """Find processes, but never this one; as on Android, a shell whose command names the pattern matches too."""
    *_, pattern = [word for word in words if not word.startswith("-")] or [""]
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            name = (folder / "comm").read_text().strip()
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        # A process that has ended and was not waited for has no command line.
        if line and re.search(pattern, line if "-f" in words else name):
            yield int(folder.name), name


def name_this_process(name: str) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15] + b"\0")


def peak_rss_kib(pid: int) -> int:
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0
