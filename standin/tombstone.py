"""This module turns a JVM's crash report into the tombstone that Android's debuggerd would write."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path

_SIGNAL = re.compile(r"^#\s+(SIG[A-Z]+) \(0x([0-9a-f]+)\)", re.MULTILINE)
_DETAIL = re.compile(
    r"^siginfo: si_signo: \d+ \(\w+\), si_code: (-?\d+) \((\w+)\)(?:, si_addr: (0x[0-9a-f]+))?", re.MULTILINE
)
_FRAME = re.compile(r"^[CVjJvA]  \[([^\]+]+)\+0x([0-9a-f]+)\](?:  (.+))?$", re.MULTILINE)
_OFFSET = re.compile(r"\+0x([0-9a-f]+)$")
# Where the report does not say.
_LIKELY = {
    "SIGABRT": "-6 (SI_TKILL)",
    "SIGSEGV": "1 (SEGV_MAPERR)",
    "SIGBUS": "2 (BUS_ADRERR)",
    "SIGILL": "1 (ILL_ILLOPC)",
}
_HEADING = "Native frames:"
STARS = " ".join(["***"] * 16)


@dataclass(frozen=True)
class Frame:
    library: str
    offset: int
    symbol: str


@dataclass(frozen=True)
class Crash:
    number: int
    name: str
    detail: str
    frames: tuple[Frame, ...]

    def tombstone(self, pid: int, libraries: Path, fingerprint: str) -> list[str]:
        return [
            STARS,
            f"Build fingerprint: '{fingerprint}'",
            "ABI: 'x86_64'",
            f"pid: {pid}, tid: {pid}, name: main  >>> app_process64 <<<",
            f"signal {self.number} ({self.name}), {self.detail}",
            "backtrace:",
            *(f"      {_line(number, frame, libraries)}" for number, frame in enumerate(self.frames)),
        ]


def _line(number: int, frame: Frame, libraries: Path) -> str:
    # A pushed library by its path; what is the stand-in's own stands where Android has its counterpart.
    place = libraries / frame.library if (libraries / frame.library).exists() else Path("/system/lib64") / frame.library
    symbol = f" ({_OFFSET.sub(lambda found: f'+{int(found[1], 16)}', frame.symbol)})" if frame.symbol else ""
    return f"#{number:02} pc {frame.offset:016x}  {place}{symbol}"


def read_crash(report: str) -> Crash:
    """Read a report; where corrupted memory cut it off too early, the crash is a SIGABRT without frames."""
    found = _SIGNAL.search(report)
    number, name = (int(found[2], 16), found[1]) if found else (int(signal.SIGABRT), "SIGABRT")
    detail = f"code {_LIKELY.get(name, '0 (SI_USER)')}, fault addr --------"
    if said := _DETAIL.search(report):
        detail = f"code {said[1]} ({said[2]}), fault addr {said[3] or '--------'}"
    _, _, stack = report.partition(_HEADING)
    stack, _, _ = stack.partition("\n\n")
    frames = _frames(stack) or _frames(report)[:1]
    return Crash(number, name, detail, frames)


def _frames(text: str) -> tuple[Frame, ...]:
    # In the report's head the problematic frame stands behind a hash.
    text = re.sub(r"^# ", "", text, flags=re.MULTILINE)
    return tuple(Frame(name, int(offset, 16), symbol) for name, offset, symbol in _FRAME.findall(text))
