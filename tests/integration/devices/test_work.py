"""The plugin counts what is known to be executed, and a model's work is the same number in every process."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from pocketfit.devices.jvm import JvmDevice, RunningJvm
from pocketfit.devices.program import Counted, parse_counts
from pocketfit.judge.work import Counts, work_of
from pocketfit.records import DeviceSpec, SmokeInput, Work
from pocketfit.runtimes.library import android_or_why
from tests.integration.conftest import require
from tests.integration.devices.conftest import Export

TURNS = 1000
# Marks by themselves: what is counted is all between the two system calls, and the second one.
LOOP = f"""
.data
.balign 8
buffer: .quad 0, 0
.text
.globl _start
_start:
    mov x8, #57
    ldr x0, =-770001
    svc #0
    ldr x2, =buffer
    mov x1, #{TURNS}
again:
    ldr x3, [x2]
    str w3, [x2, #8]
    subs x1, x1, #1
    b.ne again
    ldr x0, =-770002
    svc #0
    ldp x3, x4, [x2]
    ldr x0, =-770001
    svc #0
    nop
    ldr x0, =-770002
    svc #0
    mov x8, #93
    mov x0, #0
    svc #0
"""


@pytest.fixture(scope="module")
def phone() -> Iterator[RunningJvm]:
    device = JvmDevice(DeviceSpec(kind="jvm", abi="arm64-v8a"), android_or_why())
    require((problem := device.unavailable()) is None, problem or "")
    with device.up() as running:
        require((problem := running.uncountable()) is None, problem or "")
        yield running


def test_every_instruction_and_byte_between_marks_is_counted(phone: RunningJvm, tmp_path: Path) -> None:
    compiler = shutil.which("aarch64-linux-gnu-gcc")
    require(compiler, "aarch64-linux-gnu-gcc is not installed")
    (tmp_path / "loop.S").write_text(LOOP)
    subprocess.run([str(compiler), "-nostdlib", "-static", "-o", "loop", "loop.S"], cwd=tmp_path, check=True)
    plugin = f"{phone.android.work_plugin},counts=counts.jsonl,memory=on"
    subprocess.run(["qemu-aarch64", "-plugin", plugin, "./loop"], cwd=tmp_path, check=True)

    counts = parse_counts((tmp_path / "counts.jsonl").read_text(), Counted(2, left_out=0))
    assert counts
    first, second = counts

    # Addresses and marks come from a pool of literals, 8 bytes each.
    assert first == Counts(2 + 4 * TURNS + 2, 8 * TURNS + 16, 4 * TURNS)
    assert second == Counts(3, 8, 0)


@pytest.mark.parametrize("argument", ["", ",counts=a/b.jsonl", ",counts=c.jsonl,colour=red"])
def test_a_plugin_that_is_told_nonsense_ends_the_emulator(phone: RunningJvm, tmp_path: Path, argument: str) -> None:
    ended = subprocess.run(
        ["qemu-aarch64", "-plugin", f"{phone.android.work_plugin}{argument}", "true"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    problems = {
        "": "work.so: counts=FILE is missing",
        ",counts=a/b.jsonl": "a/b.jsonl: No such file or directory",
        ",counts=c.jsonl,colour=red": "work.so: unknown argument: colour=red",
    }
    assert ended.returncode == 1
    assert problems[argument] in ended.stderr


def convolutions(count: int) -> nn.Module:
    torch.manual_seed(count)
    return nn.Sequential(*(nn.Conv2d(32, 32, 3, padding=1) for _ in range(count)))


def test_a_models_work_is_one_number_and_twice_the_work_is_twice_that(phone: RunningJvm, export: Export) -> None:
    image = torch.randn(1, 32, 24, 24)
    once, other, twice = (
        export("lite", convolutions(count), image, name=name)
        for count, name in ((1, "once"), (1, "other"), (2, "twice"))
    )

    works = [counted(phone, given) for given in (once, other, twice)]

    assert [work.reason for work in works] == ["", "", ""]
    first, again, double = (work.instructions or 0 for work in works)
    assert again == pytest.approx(first, abs=500)
    assert double == pytest.approx(2 * first, rel=0.05)
    assert (works[2].loaded_bytes or 0) == pytest.approx(2 * (works[0].loaded_bytes or 0), rel=0.05)


def counted(phone: RunningJvm, given: SmokeInput) -> Work:
    counts = phone.count(given, Counted(3, left_out=1), 300)
    assert not isinstance(counts, str), counts
    return work_of(counts, Work())
