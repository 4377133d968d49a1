from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from pocketfit.sandbox.layers import LEAST_DISK_BYTES, Layers, available_disk_bytes, available_memory_bytes
from pocketfit.sandbox.order import DEFAULT_LIMITS


@pytest.mark.parametrize(
    ("layers", "said", "missing", "holds"),
    [
        (Layers(True, 7, True), "own user, Landlock ABI 7, seccomp, no network", (), True),
        (Layers(False, 7, True), "Landlock ABI 7, seccomp, no network", (), True),
        (
            Layers(False, 4, True),
            "Landlock ABI 4, seccomp, no network",
            ("Landlock before ABI 6 (Linux 6.12): model code can end other programs of yours",),
            True,
        ),
        (Layers(True, 4, True), "own user, Landlock ABI 4, seccomp, no network", (), True),
        (
            Layers(True, 0, False),
            "own user",
            (
                "no Landlock (Linux 5.13 or later has it): files that everybody may read are open to model code",
                "no seccomp on this machine: model code can use the network and every system call",
            ),
            True,
        ),
        (
            Layers(False, 0, True),
            "seccomp, no network",
            ("no Landlock (Linux 5.13 or later has it): model code can read and write all files that you can",),
            False,
        ),
        (Layers(False, 7, True, True), "Landlock ABI 7, seccomp, bubblewrap, no network", (), True),
        (Layers(False, 4, True, True), "Landlock ABI 4, seccomp, bubblewrap, no network", (), True),
        (Layers(False, 0, True, True), "seccomp, bubblewrap, no network", (), True),
        (
            Layers(False, 7, False, True),
            "Landlock ABI 7, bubblewrap, no network",
            ("no seccomp on this machine: model code can use every system call",),
            True,
        ),
        (
            Layers(),
            "none",
            ("nothing holds model code here (it takes Linux 5.13 or later): it can read and write all that you can",),
            False,
        ),
    ],
)
def test_layers_are_named_and_what_is_missing_is_explained(
    layers: Layers, said: str, missing: tuple[str, ...], holds: bool
) -> None:
    assert (str(layers), layers.missing(), layers.hold_files()) == (said, missing, holds)


def test_a_program_may_have_most_of_the_memory() -> None:
    total_kb = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    assert 0 < available_memory_bytes() <= int(total_kb) * 1024 * 0.91


def test_disk_is_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    assert available_disk_bytes(10**9) == LEAST_DISK_BYTES
    assert available_disk_bytes(1) <= DEFAULT_LIMITS.folder_bytes
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    assert available_disk_bytes(4) == DEFAULT_LIMITS.folder_bytes
