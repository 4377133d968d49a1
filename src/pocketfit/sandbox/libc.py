"""The few calls of the kernel that Python has no words for. Nothing but ctypes, since a supervisor imports this."""

from __future__ import annotations

import ctypes
import os

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_SECUREBITS = 28
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47

# A call, by its number on every machine.
CLOSE_RANGE = 436

_libc = ctypes.CDLL(None, use_errno=True)


def call(number: int, *args: object) -> int:
    """Make a system call by its number; raises OSError where the kernel refuses."""
    return _checked(_libc.syscall(ctypes.c_long(number), *args))


def prctl(option: int, *args: object) -> int:
    """Change something of this process; raises OSError where the kernel refuses."""
    words = [ctypes.c_ulong(arg) if isinstance(arg, int) else arg for arg in args]
    return _checked(_libc.prctl(option, *words, *([ctypes.c_ulong(0)] * (4 - len(words)))))


def capset(header: bytes, data: bytes) -> int:
    """Set this thread's capabilities; raises OSError where the kernel refuses."""
    return _checked(_libc.capset(header, data))


def close_from(first: int) -> None:
    """Close every open file from this number on; raises OSError."""
    _checked(
        _libc.syscall(ctypes.c_long(CLOSE_RANGE), ctypes.c_uint(first), ctypes.c_uint(0xFFFFFFFF), ctypes.c_uint(0))
    )


def _checked(value: int) -> int:
    if value < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return value
