"""What this machine has for a sandbox: its layers, what each that is missing means, and memory and disk to share."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pocketfit.sandbox import bubblewrap_probe, identity, landlock, seccomp
from pocketfit.sandbox.order import DEFAULT_LIMITS

# The rest is the system's and ours: past it the kernel ends processes of its own choice.
SHARE = 0.9
# Where there is less room nothing can be built, and the disk itself says so.
LEAST_DISK_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Layers:
    """`own_user` is a user for each program, which takes root; `landlock` its ABI, 0 for none.

    `bubblewrap` is for ordinary users, where it works.
    """

    own_user: bool = False
    landlock: int = 0
    seccomp: bool = False
    bubblewrap: bool = False

    def hold_files(self) -> bool:
        """True where a program can neither write our files nor read those that are ours alone."""
        return self.own_user or self.bubblewrap or self.landlock > 0

    def names(self) -> tuple[str, ...]:
        found = ["own user"] if self.own_user else []
        if self.landlock:
            found.append(f"Landlock ABI {self.landlock}")
        if self.seccomp:
            found.append("seccomp")
        if self.bubblewrap:
            found.append("bubblewrap")
        if self.seccomp or self.bubblewrap:
            found.append("no network")
        return tuple(found)

    def __str__(self) -> str:
        return ", ".join(self.names()) or "none"

    def missing(self) -> tuple[str, ...]:
        """Say what each layer that is not here would have held."""
        if not self.names():
            return (
                "nothing holds model code here (it takes Linux 5.13 or later): it can read and write all that you can",
            )
        said = []
        if not self.landlock and not self.bubblewrap:
            open_to = "files that everybody may read are open to model code"
            if not self.own_user:
                open_to = "model code can read and write all files that you can"
            said.append(f"no Landlock (Linux 5.13 or later has it): {open_to}")
        elif self.landlock < 6 and not self.own_user and not self.bubblewrap:
            said.append("Landlock before ABI 6 (Linux 6.12): model code can end other programs of yours")
        if not self.seccomp:
            open_to = "every system call" if self.bubblewrap else "the network and every system call"
            said.append(f"no seccomp on this machine: model code can use {open_to}")
        return tuple(said)


def layers() -> Layers:
    """The layers that a program started now would have."""
    if sys.platform != "linux":
        return Layers()
    return Layers(identity.can_change_user(), landlock.version(), seccomp.is_known(), bool(bubblewrap_probe.found()))


def available_memory_bytes() -> int:
    """The memory of this machine, or of the container that we are in, that a program may have at most."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    # Elsewhere there is no such file, or it says "max".
    with contextlib.suppress(OSError, ValueError):
        physical = min(physical, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return int(physical * SHARE)


def available_disk_bytes(at_once: int) -> int:
    """The disk that each of so many programs at once may have at most, of what is free for temporary files."""
    try:
        free_bytes = shutil.disk_usage(tempfile.gettempdir()).free
    except OSError:
        # No folder can be made there either, and that is said where it fails.
        return DEFAULT_LIMITS.folder_bytes
    return min(DEFAULT_LIMITS.folder_bytes, max(LEAST_DISK_BYTES, int(free_bytes * SHARE / at_once)))
