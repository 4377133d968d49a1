"""Explains how a JVM died, from its streams and its error file."""

from __future__ import annotations

import re

_SIGNAL = re.compile(r"^#\s+(SIG[A-Z]+) \(0x[0-9a-f]+\)", re.MULTILINE)
# `C  [libpytorch_jni.so+0x1d22e50]  at::native::foo(at::Tensor const&)+0xe6a`, the symbol where there is one.
# Corrupted memory can cut the report off anywhere.
_FRAME = re.compile(r"^# Problematic frame:\n# \w\s+\[(?P<place>[^\]\n]+)\](?:  (?P<symbol>[^\n]+))?", re.MULTILINE)
_ABORT = re.compile(r"abort message: (.+)")
# Where abort() itself is: says nothing about who called it.
_LIBC = "libc.so"


def describe_crash(report: str, signal_name: str | None) -> str | None:
    """Describe a crash in one sentence; None if nothing in `report` (all that the JVM printed and wrote) is about one.

    `signal_name` is how the process ended: a crash is SIGABRT there, since the JVM aborts after its report.
    """
    if abort := _ABORT.search(report):
        return f"the runtime aborted: {abort[1].strip()}"
    if "insufficient memory for the Java Runtime" in report:
        return "the runtime ran out of memory"
    if fatal := _SIGNAL.search(report):
        place = _where(report)
        return f"the runtime crashed with {fatal[1]}" + (f" in {place}" if place else "")
    if signal_name == "SIGKILL":
        return "the runtime was killed by SIGKILL, most likely out of memory"
    if signal_name:
        return f"the runtime crashed with {signal_name}"
    return None


def _where(report: str) -> str:
    frame = _FRAME.search(report)
    if frame is None or frame["place"].startswith(_LIBC):
        return ""
    symbol = re.match(r"[\w:~<>, ]+", frame["symbol"] or "")
    library = frame["place"].partition("+")[0]
    return f"{symbol[0]} ({library})" if symbol else frame["place"]
