"""A user of its own for each program, where we are root: a number that nobody else has."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import struct

from pocketfit.sandbox import libc

# Numbers that neither distributions, systemd nor containers hand out; the second for containers with few numbers.
RANGES = (range(66_000, 99_000), range(60_600, 61_180))

CAP_DAC_READ_SEARCH, CAP_SETGID, CAP_SETUID = 2, 6, 7
VERSION_3 = 0x20080522
AMBIENT_RAISE = 2
# access() then goes by the capabilities that a process has, which it else forgets for whoever is not root.
NO_SETUID_FIXUP = 1 << 2


def has_capability(number: int) -> bool:
    """True where this process may use a capability of root's."""
    try:
        with open("/proc/self/status", "rb") as file:
            effective = next(line.split()[1] for line in file if line.startswith(b"CapEff:"))
    except (OSError, StopIteration):
        return False
    return bool(int(effective, 16) >> number & 1)


def can_change_user() -> bool:
    """True for a root that may become others, which a container's may not always."""
    return os.geteuid() == 0 and has_capability(CAP_SETUID) and has_capability(CAP_SETGID)


def own_user() -> tuple[int, socket.socket]:
    """A user's number that is nobody's; it is ours for as long as the socket is open. Raises OSError for want of one.

    The lock is a name in the kernel, so it goes with its owner.
    """
    mapped = next((numbers for numbers in RANGES if _is_mapped(numbers)), None)
    if mapped is None:
        raise OSError(0, "this container has no number of a user to give away")
    for _ in range(100):
        uid = mapped[int.from_bytes(os.urandom(4), "little") % len(mapped)]
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind(f"\0pocketfit-user-{uid}")
        except OSError:
            lock.close()
            continue
        if not _is_known(uid) and not _has_processes(uid):
            return uid, lock
        lock.close()
    raise OSError(0, "no number of a user is free")


def become(uid: int, *, behind: int | None = None, reading: bool = False) -> None:
    """Be that user alone, for good; with `reading` one that may read what others own (Landlock then says what).

    Who acts as the user from `behind` another that nobody else is reaches that user's processes, and they can't signal
    it: signals ask who somebody really is.
    """
    own = uid if behind is None else behind
    os.setgroups([])
    if reading:
        libc.prctl(libc.PR_SET_KEEPCAPS, 1)
        # A program may ask before it reads, as ExecuTorch's Java does; without CAP_SETPCAP it is told no.
        with contextlib.suppress(OSError):
            libc.prctl(libc.PR_SET_SECUREBITS, NO_SETUID_FIXUP)
    os.setresgid(own, uid, own)
    os.setresuid(own, uid, own)
    if reading:
        bit = 1 << CAP_DAC_READ_SEARCH
        libc.capset(struct.pack("=Ii", VERSION_3, 0), struct.pack("=6I", bit, bit, bit, 0, 0, 0))
        libc.prctl(libc.PR_CAP_AMBIENT, AMBIENT_RAISE, CAP_DAC_READ_SEARCH)
        # Another program would not have it; one that is forked would.
        libc.prctl(libc.PR_SET_KEEPCAPS, 0)


def give(folder: str, uid: int) -> None:
    """Make a folder and all in it a user's, links themselves instead of what they lead to. Raises OSError.

    Nobody else may be at work in it: all that came from a program is gone before its folder is given to another.
    """
    os.chown(folder, uid, uid, follow_symlinks=False)
    for _, folders, files, within in os.fwalk(folder):
        for name in (*folders, *files):
            os.chown(name, uid, uid, dir_fd=within, follow_symlinks=False)


def is_open_to_all(path: str) -> bool:
    """True where any user may read the file or folder at `path`, and walk to it."""
    real = os.path.realpath(path)
    try:
        mode = os.stat(real).st_mode
        if not mode & 0o004:
            return False
        while real != "/":
            real = os.path.dirname(real)
            if not os.stat(real).st_mode & 0o001:
                return False
    except OSError:
        # Nothing there, so nothing to be read.
        return True
    return True


def _is_mapped(numbers: range) -> bool:
    try:
        with open("/proc/self/uid_map") as file:
            rows = [[int(word) for word in line.split()] for line in file]
    except OSError:
        return True
    return any(first <= numbers.start and numbers.stop <= first + count for first, _, count in rows)


def _is_known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _has_processes(uid: int) -> bool:
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:
                    return True
            except OSError:
                continue
    return False
