"""What this machine's core is called, and what is said where its kernel opens no counter."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pocketfit.devices import core

CAN_NOT = "this machine's own core can't count: "
OF_ARM = "processor\t: {}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: {}\n\n"


@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        ("processor\t: 0\nmodel name\t: A Processor\n\nprocessor\t: 1\nmodel name\t: A Processor\n", "A Processor"),
        (OF_ARM.format(0, "0xd49") + OF_ARM.format(1, "0xd49"), "neoverse-n2"),
        (OF_ARM.format(0, "0xd03") + OF_ARM.format(1, "0xd08"), "cortex-a53 + cortex-a72"),
        (OF_ARM.format(0, "0xfff"), "implementer 0x41, part 0xfff"),
        # Another designer's parts have other numbers.
        ("CPU implementer\t: 0x61\nCPU part\t: 0xd49\n", "implementer 0x61, part 0xd49"),
        ("", ""),
    ],
)
def test_a_core_is_named_as_the_kernel_knows_it(cpuinfo: str, name: str) -> None:
    assert core.name(cpuinfo) == name


@pytest.mark.parametrize(
    ("number", "paranoid", "said"),
    [
        (errno.ENOENT, 2, "this machine shows no counter of instructions, as most virtual ones do not"),
        (errno.ENOSYS, 2, "its kernel has no perf_event_open"),
        (errno.EACCES, 4, "kernel.perf_event_paranoid is 4: sysctl kernel.perf_event_paranoid=2"),
        (errno.EACCES, 2, "perf_event_open says: Permission denied"),
        (errno.EPERM, 2, "perf_event_open is not allowed, as in a container: start that with --cap-add PERFMON"),
        (errno.EBUSY, 2, "perf_event_open says: Device or resource busy"),
        # By a program that is a stranger's by then.
        (2**62, 2, f"perf_event_open says: error {2**62}"),
    ],
)
def test_a_refusal_says_what_to_do(
    number: int, paranoid: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "PARANOID", tmp_path / "paranoid")
    core.PARANOID.write_text(f"{paranoid}\n")
    assert core.refused(number) == CAN_NOT + said


@pytest.mark.parametrize(("uid", "paranoid", "counts"), [(0, 2, True), (0, 3, False), (1000, 3, True)])
def test_roots_own_counter_is_none_of_who_counts(
    uid: int, paranoid: int, counts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "_refusal", lambda: 0)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(core, "PARANOID", tmp_path / "paranoid")
    core.PARANOID.write_text(f"{paranoid}\n")
    said = CAN_NOT + "kernel.perf_event_paranoid is 3: sysctl kernel.perf_event_paranoid=2"
    assert core.why_uncounted() == (None if counts else said)


def test_a_kernel_that_does_not_say_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "PARANOID", tmp_path / "missing")
    monkeypatch.setattr(core, "_refusal", lambda: 0)
    assert core.why_uncounted() is None


def test_this_machines_kernel_is_asked() -> None:
    """Whatever it says, it is a sentence or nothing."""
    said = core.why_uncounted()
    assert said is None or said.startswith(CAN_NOT)
