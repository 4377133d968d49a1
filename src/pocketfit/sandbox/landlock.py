"""Landlock: the files and ports that a process and all its children may use, for good. Linux 5.13 and later."""

from __future__ import annotations

import os
import struct

from pocketfit.sandbox import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pocketfit.sandbox.order import WallsOrder

# The same numbers on every machine.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
GET_VERSION = 1
PATH_BENEATH, NET_PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
READ = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
BIND_TCP, CONNECT_TCP = 1 << 0, 1 << 1
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1 << 0, 1 << 1

# The last whose words are used here; the kernel takes them for ever.
NEWEST = 7

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def version() -> int:
    """The ABI that this kernel has, 0 where it has none."""
    try:
        return max(0, libc.call(CREATE_RULESET, None, 0, GET_VERSION))
    except OSError:
        return 0


def restrict(walls: WallsOrder, newest: int = NEWEST) -> None:
    """Close everything for this process but what these walls leave open, as a kernel of the ABI `newest` can at most.

    Nobody may listen; without `network` nobody may connect either. Signals stay among those that are closed in, where
    the kernel knows how (ABI 6). no_new_privs must be set. Raises OSError where there is no Landlock.
    """
    network, ports = walls["network"], walls["ports"]
    abi = min(version(), newest)
    handled = _handled_files(abi)
    tcp = 0
    if abi >= 4:
        tcp = BIND_TCP | (CONNECT_TCP if ports or not network else 0)
    scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS if abi >= 6 else 0
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = libc.call(CREATE_RULESET, struct.pack("QQQ", handled, tcp, scoped)[:size], size, 0)
    try:
        _allow(ruleset, walls["readable"], READ, handled)
        _allow(ruleset, walls["listable"], READ_DIR, handled)
        _allow(ruleset, walls["writable"], handled & ~(MAKE_CHAR | MAKE_BLOCK), handled)
        _allow(ruleset, DEVICES, READ_FILE | WRITE_FILE | TRUNCATE, handled)
        if network and tcp & CONNECT_TCP:
            for port in ports:
                libc.call(ADD_RULE, ruleset, NET_PORT, struct.pack("=QQ", CONNECT_TCP, port), 0)
        libc.call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _handled_files(abi: int) -> int:
    """All that this ABI can forbid about files."""
    rights = (1 << 13) - 1
    for since, right in ((2, 1 << 13), (3, TRUNCATE), (5, IOCTL_DEV)):
        if abi >= since:
            rights |= right
    return rights


def _allow(ruleset: int, paths: list[str] | tuple[str, ...], rights: int, handled: int) -> None:
    for path in paths:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            here = rights if os.path.isdir(path) else rights & OF_FILES
            libc.call(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", here & handled, descriptor), 0)
        finally:
            os.close(descriptor)
