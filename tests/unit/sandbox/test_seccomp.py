"""The filter's verdicts on single calls, by a small interpreter of the kernel's instructions."""

from __future__ import annotations

import errno
import struct

import pytest

from pocketfit.sandbox import seccomp

ARCHITECTURE = {machine: number for machine, (number, _) in seccomp.ARCHITECTURES.items()}
COUNTER = {"x86_64": 298, "aarch64": 241}
ANY, CLOSE_ON_EXEC = 0xFFFFFFFFFFFFFFFF, 8
OF_ITSELF = (0x7FFF0000, 0, ANY, ANY, CLOSE_ON_EXEC, 0)
REFUSED = seccomp.ERRNO | errno.EPERM


def verdict(machine: str, call: int, *arguments: int, counter: bool = False) -> int:
    """What the filter returns for a call with six arguments."""
    data = struct.pack("<IIQ6Q", call, ARCHITECTURE[machine], 0, *arguments)
    filter, at, loaded = seccomp.program(machine, network=False, counter=counter), 0, 0
    while True:
        code, yes, no, value = filter[at]
        at += 1
        if code == seccomp.RETURN:
            return value
        if code == seccomp.LOAD:
            (loaded,) = struct.unpack_from("<I", data, value)
        elif code == seccomp.AND:
            loaded &= value
        else:
            holds = {
                seccomp.JUMP_EQUAL: loaded == value,
                seccomp.JUMP_AT_LEAST: loaded >= value,
                seccomp.JUMP_ANY: bool(loaded & value),
            }[code]
            at += yes if holds else no


@pytest.mark.parametrize("machine", COUNTER)
def test_nobody_opens_a_counter(machine: str) -> None:
    assert verdict(machine, COUNTER[machine], *OF_ITSELF) == REFUSED


@pytest.mark.parametrize("machine", COUNTER)
@pytest.mark.parametrize(
    ("what", "arguments", "expected"),
    [
        ("itself", OF_ITSELF, seccomp.ALLOW),
        ("another process", (0, 1, ANY, ANY, CLOSE_ON_EXEC, 0), REFUSED),
        ("all of a core", (0, ANY, 0, ANY, CLOSE_ON_EXEC, 0), REFUSED),
        ("itself on one core", (0, 0, 0, ANY, CLOSE_ON_EXEC, 0), REFUSED),
        ("in a group", (0, 0, ANY, 3, CLOSE_ON_EXEC, 0), REFUSED),
        ("by a control group", (0, 0, ANY, ANY, CLOSE_ON_EXEC | 4, 0), REFUSED),
        ("kept by what it starts", (0, 0, ANY, ANY, 0, 0), REFUSED),
    ],
)
def test_who_counts_may_count_itself_and_nothing_else(
    machine: str, what: str, arguments: tuple[int, ...], expected: int
) -> None:
    assert verdict(machine, COUNTER[machine], *arguments, counter=True) == expected


@pytest.mark.parametrize("machine", COUNTER)
@pytest.mark.parametrize("name", seccomp.REFUSED)
def test_all_else_is_refused_to_who_counts_too(machine: str, name: str) -> None:
    call = seccomp.REFUSED[name][seccomp.ARCHITECTURES[machine][1]]
    assert verdict(machine, call, *OF_ITSELF, counter=True) == REFUSED


@pytest.mark.parametrize(("machine", "read"), [("x86_64", 0), ("aarch64", 63)])
def test_an_ordinary_call_is_let_through(machine: str, read: int) -> None:
    assert verdict(machine, read, 0, 0, 0, 0, 0, 0) == seccomp.ALLOW
