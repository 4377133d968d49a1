"""Explains how a program on Android died, from its exit code and from logcat."""

from __future__ import annotations

import re
import signal

from pocketfit.devices.reason import shorten
from pocketfit.units import format_bytes

# What a program's own fault ends it with. Others (SIGTERM, SIGHUP) are somebody else's wish.
FATAL = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS", "SIGKILL")

# Debuggerd writes one tombstone a crash, each under a line of stars.
_STARS = "*** *** ***"
_PID = re.compile(r"\bpid: (\d+), tid: \d+")
# `... F DEBUG   : signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0`
_SIGNAL = re.compile(r"\bsignal \d+ \((SIG[A-Z]+)\)")
# `... F DEBUG   :       #00 pc 0000000001d22e50  /data/local/tmp/.../libpytorch_jni_lite.so (at::native::foo()+12)`
_FRAME = re.compile(
    r"#\d\d pc [0-9a-f]+ +(\S*/)?(?P<library>[^/\s]+)"
    r"(?: \((?!BuildId)(?P<symbol>.+?)(?:\+\d+)?\))?\s*(?:\(BuildId.*)?$",
    re.MULTILINE,
)
_ABORT = re.compile(r"Abort message: '(.+)'")
# `lowmemorykiller: Kill 'app_process64' (1234), ...`, `Out of memory: Killed process 1234 (app_process64)`
_LOW_MEMORY = re.compile(r"lowmemorykiller|lmkd|Out of memory", re.IGNORECASE)
# Where abort() itself is: says nothing about who called it.
_SYSTEM = ("libc.so", "libart.so", "linker64", "linker")


def explain_death(code: int, logcat: str, pid: int, peak_rss_bytes: int | None) -> str | None:
    """Describe a death in one sentence; None where neither a fault of the program's own nor a lack of memory caused it.

    `logcat` is what the device logged last, of whatever program and day; only what names `pid` counts.
    `peak_rss_bytes` was seen from outside.
    """
    name = next((each.name for each in signal.Signals if each.value == code - 128), "")
    if name not in FATAL:
        return None
    if name == "SIGKILL":
        peak = f" (peak RSS {format_bytes(peak_rss_bytes)})" if peak_rss_bytes else ""
        if _ran_out(logcat, pid):
            return f"the runtime ran out of memory and was killed{peak}"
        return f"the runtime was killed by SIGKILL, most likely out of memory{peak}"
    tombstone = _tombstone(logcat, pid)
    if abort := _ABORT.search(tombstone):
        return shorten(f"the runtime aborted: {abort[1]}")
    fatal = _SIGNAL.search(tombstone)
    place = _where(tombstone)
    return f"the runtime crashed with {fatal[1] if fatal else name}" + (f" in {place}" if place else "")


def _tombstone(logcat: str, pid: int) -> str:
    """The last tombstone of this process; empty where there is none."""
    for tombstone in reversed(logcat.split(_STARS)):
        if (owner := _PID.search(tombstone)) and int(owner[1]) == pid:
            return tombstone
    return ""


def _ran_out(logcat: str, pid: int) -> bool:
    named = re.compile(rf"\({pid}\)|process {pid}\b")
    return any(_LOW_MEMORY.search(line) and named.search(line) for line in logcat.splitlines())


def _where(tombstone: str) -> str:
    for frame in _FRAME.finditer(tombstone):
        if frame["library"] not in _SYSTEM:
            return f"{frame['symbol']} ({frame['library']})" if frame["symbol"] else frame["library"]
    return ""
