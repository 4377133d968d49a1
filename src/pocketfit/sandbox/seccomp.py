"""seccomp: the system calls that a process and all its children may make, for good. x86_64 and aarch64."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator

from pocketfit.sandbox import libc

# Each call that is refused, by its number on x86_64 and on aarch64.
REFUSED = {
    # Other processes' memory and descriptors.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    # The kernel's keys, and large parts of it that no model needs and that have had many holes.
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    # Mounts and namespaces.
    "mount": (165, 40), "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268),
    # By handle, a file is opened past every folder that stands in front of it.
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # Memory that belongs to no process, which nobody counts, and ways to talk past the walls.
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196),
    "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
}  # fmt: skip
ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
SOCKET, SOCKETPAIR, CLONE, CLONE3, PRCTL = (41, 198), (53, 199), (56, 220), (435, 435), (157, 167)
PERF_EVENT_OPEN = (298, 241)

AF_INET, AF_INET6 = 2, 10
STREAM, SEQPACKET = 1, 5
SET_DUMPABLE = 4
# perf_event_open: for the thread that asks, on any core, in no group, closed where a program begins.
OWN_COUNTER = ((1, 0), (2, 0xFFFFFFFF), (3, 0xFFFFFFFF), (4, 8))
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
NEW_NAMESPACES = 0x7E020000
X32 = 0x40000000

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, AND, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
# Where `struct seccomp_data` has the call, the architecture, and the low half of each argument.
CALL, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24
ARGUMENT_BYTES = 8

MODE_FILTER = 2

Instruction = tuple[int, int, int, int]


class _Filter(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Filter)))


def is_known() -> bool:
    """True where this machine's calls are known here and its kernel filters them."""
    return os.uname().machine in ARCHITECTURES and os.path.exists("/proc/sys/kernel/seccomp/actions_avail")


def restrict(*, network: bool, counter: bool = False) -> None:
    """Refuse these calls to this process for good; raises OSError. no_new_privs must be set.

    Sockets are refused too, but for a pair of two connected ones, and for the internet's where there is `network`. With
    `counter` a thread may open counters of itself, as perf_event_open has them.
    """
    instructions = program(os.uname().machine, network=network, counter=counter)
    array = (_Filter * len(instructions))(*[_Filter(*one) for one in instructions])
    libc.prctl(libc.PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(_Program(len(instructions), array)))


def program(machine: str, *, network: bool, counter: bool = False) -> list[Instruction]:
    """The filter for one kind of machine, in instructions of the kernel's packet filter."""
    architecture, column = ARCHITECTURES[machine]
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, CALL),
        # Another table of calls, by other numbers, on x86_64 alone; no number on aarch64 is as high.
        (JUMP_AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, KILL),
        *(one for numbers in REFUSED.values() for one in _refuse(numbers[column], errno.EPERM)),
        *(_own_counter(PERF_EVENT_OPEN[column]) if counter else _refuse(PERF_EVENT_OPEN[column], errno.EPERM)),
        # The C library then uses the older call, whose flags can be looked at.
        *_refuse(CLONE3[column], errno.ENOSYS),
        *_on(CLONE[column], [(LOAD, 0, 0, FIRST), (JUMP_ANY, 0, 1, NEW_NAMESPACES), _error(errno.EPERM)]),
        # What it holds open is counted by who may look at it.
        *_on(PRCTL[column], [(LOAD, 0, 0, FIRST), (JUMP_EQUAL, 0, 1, SET_DUMPABLE), _error(errno.EPERM)]),
        *_on(SOCKET[column], list(_only(FIRST, [AF_INET, AF_INET6] if network else [], 0xFFFFFFFF))),
        # A datagram's socket could still be sent to others by their names.
        *_on(SOCKETPAIR[column], list(_only(SECOND, [STREAM, SEQPACKET], 0xF))),
        (RETURN, 0, 0, ALLOW),
    ]


def _error(number: int) -> Instruction:
    return (RETURN, 0, 0, ERRNO | number)


def _refuse(call: int, number: int) -> Iterator[Instruction]:
    yield (JUMP_EQUAL, 0, 1, call)
    yield _error(number)


def _on(call: int, then: list[Instruction]) -> Iterator[Instruction]:
    """Do `then` for this call, which allows what it does not refuse."""
    yield (JUMP_EQUAL, 0, len(then) + 1, call)
    yield from then
    yield (RETURN, 0, 0, ALLOW)


def _own_counter(call: int) -> Iterator[Instruction]:
    """Refuse this call for anything but the thread that makes it."""
    allowed: list[Instruction] = []
    for number, value in OWN_COUNTER:
        allowed += [(LOAD, 0, 0, FIRST + number * ARGUMENT_BYTES), (JUMP_EQUAL, 1, 0, value), _error(errno.EPERM)]
    yield from _on(call, allowed)


def _only(argument: int, allowed: list[int], mask: int) -> Iterator[Instruction]:
    """Refuse the call unless this argument is one of those."""
    yield (LOAD, 0, 0, argument)
    yield (AND, 0, 0, mask)
    for index, value in enumerate(allowed):
        yield (JUMP_EQUAL, len(allowed) - index, 0, value)
    yield _error(errno.EACCES)
