"""Hides this process from others of the same user: its environment, its memory and its open files."""

from __future__ import annotations

import ctypes
import sys

# From linux/prctl.h.
PR_SET_DUMPABLE = 4


def hide_process() -> None:
    """Have the kernel give what is in /proc/PID (environ, mem, maps, fd) to those alone who may trace any process.

    Children that are started afterwards are not hidden: the kernel forgets it when another program begins. Elsewhere
    than on Linux it does nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
