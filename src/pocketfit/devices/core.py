"""This machine's own core: what it is called, and whether the kernel lets a thread count what it executes on it."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from pathlib import Path

from pocketfit.sandbox import libc
from pocketfit.sandbox.seccomp import ARCHITECTURES, PERF_EVENT_OPEN

CPUINFO = Path("/proc/cpuinfo")
PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")
# Beyond it some distributions' kernels (Debian, Ubuntu) let root alone count; upstream's does not know it.
MOST_PARANOID = 2

# How kernels name no core of Arm's, but its designer and its part: those of servers and boards that run Linux.
ARM = 0x41
PARTS = {
    0xD03: "cortex-a53", 0xD05: "cortex-a55", 0xD07: "cortex-a57", 0xD08: "cortex-a72", 0xD0B: "cortex-a76",
    0xD0C: "neoverse-n1", 0xD40: "neoverse-v1", 0xD49: "neoverse-n2", 0xD4F: "neoverse-v2",
}  # fmt: skip

# The first version of `struct perf_event_attr`.
ATTRIBUTE = "=IIQQQQQIIQ"
HARDWARE, INSTRUCTIONS = 0, 1
# pinned, exclude_kernel and exclude_hv.
USER_MODE_PINNED = 1 << 2 | 1 << 5 | 1 << 6
THIS_THREAD, ANY_CORE, NO_GROUP, CLOSE_ON_EXEC = 0, -1, -1, 8


def describe() -> str:
    """Name this machine's cores, as a report names them beside every number."""
    return name(CPUINFO.read_text()) or platform.machine()


def name(cpuinfo: str) -> str:
    """Name the cores that /proc/cpuinfo is about, each kind once; empty where it names none."""
    lines = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in cpuinfo.splitlines())]
    models = [value for key, value in lines if key == "model name"]
    if models:
        return models[0]
    designers = [value for key, value in lines if key == "CPU implementer"]
    parts = [value for key, value in lines if key == "CPU part"]
    return " + ".join(dict.fromkeys(map(_of_arm, designers, parts)))


def _of_arm(designer: str, part: str) -> str:
    known = PARTS.get(int(part, 16)) if int(designer, 16) == ARM else None
    return known or f"implementer {designer}, part {part}"


def why_uncounted() -> str | None:
    """Ask the kernel for a counter as a process that counts will, and say why there is none; None if there is."""
    number, paranoid = _refusal(), _paranoid()
    # Root's own counter says nothing: what counts has another user, and no right of root's.
    if not number and os.geteuid() == 0 and paranoid > MOST_PARANOID:
        number = errno.EACCES
    return _sentence(number, paranoid) if number else None


def refused(number: int) -> str:
    """Say why the kernel opens no counter here, by its error, and what to do."""
    return _sentence(number, _paranoid())


def _sentence(number: int, paranoid: int) -> str:
    if number == errno.ENOENT:
        cause = "this machine shows no counter of instructions, as most virtual ones do not"
    elif number == errno.ENOSYS:
        cause = "its kernel has no perf_event_open"
    elif number == errno.EACCES and paranoid > MOST_PARANOID:
        cause = f"kernel.perf_event_paranoid is {paranoid}: sysctl kernel.perf_event_paranoid={MOST_PARANOID}"
    elif number == errno.EPERM:
        cause = "perf_event_open is not allowed, as in a container: start that with --cap-add PERFMON"
    else:
        said = os.strerror(number) if number in errno.errorcode else f"error {number}"
        cause = f"perf_event_open says: {said}"
    return f"this machine's own core can't count: {cause}"


def _paranoid() -> int:
    """How much the kernel keeps to root; 0 where it does not say."""
    return int(PARANOID.read_text()) if PARANOID.is_file() else 0


def _refusal() -> int:
    """The kernel's error where this thread asks for a counter as bionic/counter.c does; 0 where it gets one."""
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        return errno.ENOSYS
    asked = struct.pack(
        ATTRIBUTE, HARDWARE, struct.calcsize(ATTRIBUTE), INSTRUCTIONS, 0, 0, 0, USER_MODE_PINNED, 0, 0, 0
    )
    words = (*map(ctypes.c_int, (THIS_THREAD, ANY_CORE, NO_GROUP)), ctypes.c_ulong(CLOSE_ON_EXEC))
    try:
        os.close(libc.call(PERF_EVENT_OPEN[ARCHITECTURES[machine][1]], asked, *words))
    except OSError as error:
        return error.errno or errno.EIO
    return 0
