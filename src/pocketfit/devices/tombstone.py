"""How a program on Android died, from its exit code and from logcat."""

from __future__ import annotations

import re
import signal

from pocketfit.devices.reason import shorten

# `... F DEBUG   : signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0`
_SIGNAL = re.compile(r"\bsignal \d+ \((SIG[A-Z]+)\)")
# `... F DEBUG   :       #00 pc 0000000001d22e50  /data/local/tmp/.../libpytorch_jni_lite.so (at::native::foo()+12)`
_FRAME = re.compile(
    r"#\d\d pc [0-9a-f]+ +(\S*/)?(?P<library>[^/\s]+)(?: \((?P<symbol>.+?)(?:\+\d+)?\))?\s*(?:\(BuildId.*)?$",
    re.MULTILINE,
)
_ABORT = re.compile(r"Abort message: '(.+)'")
_LOW_MEMORY = re.compile(r"lowmemorykiller|lmkd|Out of memory", re.IGNORECASE)
# Where abort() itself is: says nothing about who called it.
_SYSTEM = ("libc.so", "libart.so", "linker64", "linker")


def explain_death(code: int, logcat: str, peak_rss_bytes: int | None) -> str | None:
    """One sentence, or None if the program was not killed by a signal.

    `logcat` is what the device logged last; only the latest tombstone counts. `peak_rss_bytes` was seen from outside.
    """
    number = code - 128
    if number not in {each.value for each in signal.Signals}:
        return None
    name = signal.Signals(number).name
    if name == "SIGKILL":
        peak = f" (peak RSS {peak_rss_bytes / 1e6:.0f} MB)" if peak_rss_bytes else ""
        sure = "for want of memory" if _LOW_MEMORY.search(logcat) else "by SIGKILL, most likely for want of memory"
        return f"the runtime was killed {sure}{peak}"
    latest = logcat.rpartition("*** ***")[2]
    if abort := _ABORT.search(latest):
        return shorten(f"the runtime aborted: {abort[1]}")
    found = _SIGNAL.search(latest)
    place = _where(latest) if found else ""
    return f"the runtime crashed with {found[1] if found else name}" + (f" in {place}" if place else "")


def _where(tombstone: str) -> str:
    for frame in _FRAME.finditer(tombstone):
        if frame["library"] not in _SYSTEM:
            return f"{frame['symbol']} ({frame['library']})" if frame["symbol"] else frame["library"]
    return ""
