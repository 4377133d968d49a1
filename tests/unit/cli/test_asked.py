from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pocketfit.cli import asked
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.sandbox import layers
from pocketfit.sandbox.layers import Layers
from pocketfit.sandbox.order import DEFAULT_LIMITS


def here(monkeypatch: pytest.MonkeyPatch, found: Layers) -> None:
    monkeypatch.setattr(layers, "layers", lambda: found)


def test_limits_are_those_asked_for_and_else_the_defaults() -> None:
    limits = asked.sandbox(
        9, limits=["memory=8 GB", "processes=64", "file=1GB", "open-files=99", "folder=5GB", "files=12"]
    ).limits
    assert (limits.memory_bytes, limits.processes) == (8_000_000_000, 64)
    assert (limits.file_bytes, limits.open_files) == (1_000_000_000, 99)
    assert (limits.folder_bytes, limits.files) == (5_000_000_000, 12)
    default = asked.sandbox(9).limits
    assert default.memory_bytes is not None
    assert (default.processes, default.file_bytes) == (DEFAULT_LIMITS.processes, DEFAULT_LIMITS.file_bytes)
    assert 2_000_000_000 <= default.folder_bytes <= DEFAULT_LIMITS.folder_bytes


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("disk=1GB", "--limit disk=1GB: write memory=SIZE, processes=N, file=SIZE, folder=SIZE, files=N or open-files=N"),
        ("processes=many", "--limit processes=many: write memory=SIZE, processes=N, file=SIZE, folder=SIZE, files=N or open-files=N"),
        ("processes=0", "--limit processes=0: it must be at least 1"),
        ("memory", '--limit memory: "" is not a size: write a number and B, kB, MB or GB (1 kB is 1000 bytes), as in "48 MB"'),
        ("memory=much", '--limit memory=much: "much" is not a size: write a number and B, kB, MB or GB (1 kB is 1000 bytes), as in "48 MB"'),
    ],
)  # fmt: skip
def test_a_limit_that_is_none(word: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        asked.sandbox(9, limits=[word])
    assert str(caught.value) == message


def test_what_is_to_be_readable_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    assert asked.sandbox(9, readable=[Path("data")]).readable == (tmp_path / "data",)
    with pytest.raises(ConfigError, match=r"^--readable nowhere: no such file or folder$"):
        asked.sandbox(9, readable=[Path("nowhere")])


def test_a_machine_without_layers_says_so_and_runs_your_own(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here(monkeypatch, Layers())
    with caplog.at_level(logging.WARNING):
        assert asked.sandbox(9).walled
    assert [record.message for record in caplog.records] == [
        "nothing holds model code here (it takes Linux 5.13 or later): it can read and write all that you can"
    ]


def test_files_of_others_want_a_layer_or_your_word(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, Layers())
    with pytest.raises(EnvironmentProblem) as caught:
        asked.require_sandbox("net.ptl", unsandboxed=False)
    assert str(caught.value) == (
        "net.ptl may be anybody's work, and this machine has no sandbox for it: nothing holds model code here "
        "(it takes Linux 5.13 or later): it can read and write all that you can. If you trust it, add --unsandboxed"
    )
    asked.require_sandbox("net.ptl", unsandboxed=True)
    here(monkeypatch, Layers(landlock=1))
    asked.require_sandbox("net.ptl", unsandboxed=False)


def test_unsandboxed_says_what_it_means(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert not asked.sandbox(9, unsandboxed=True).walled
        assert not asked.device_options(None, None, unsandboxed=True).walled
    assert [record.message for record in caplog.records] == [
        "--unsandboxed: model code can read and write all that you can, and use the network"
    ]


def test_an_abi_is_one_that_a_jvm_has() -> None:
    for device in (None, "auto", "jvm"):
        asked.check_abi("arm64-v8a", device)
    asked.check_abi(None, "adb")
    with pytest.raises(ConfigError, match=r"^--abi arm64: use one of x86_64, arm64-v8a$"):
        asked.check_abi("arm64", None)
    with pytest.raises(ConfigError, match=r"^--abi is of a JVM, and the device is adb: use --device jvm$"):
        asked.check_abi("arm64-v8a", "adb")
