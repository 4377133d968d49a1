from __future__ import annotations

import os
import re
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from tools import setup_environment
from tools.setup_environment import Failed, Installer, Progress, announce, main, run

# Nothing listens there.
GONE = "http://127.0.0.1:9/whl/cpu"
Disk = namedtuple("Disk", "total used free")


@pytest.mark.parametrize(
    ("line", "doing"),
    [
        ("  Downloading torch-2.12.1-cp311-cp311-manylinux_2_28_x86_64.whl (532.2 MB)\n", "fetching torch, 532.2 MB"),
        (" Downloading nvidia-cublas (403.5MiB)\n", "fetching nvidia-cublas, 403.5 MB"),
        ("  Downloading idna-3.11-py3-none-any.whl (71 kB)\n", "fetching idna, 71 kB"),
        ("Installing collected packages: torch\n", "unpacking"),
        ("Prepared 52 packages in 11.1s\n", "unpacking"),
        ("Collecting torch==2.12.1\n", ""),
    ],
)
def test_what_an_installer_prints_says_what_it_does(line: str, doing: str) -> None:
    progress = Progress(1)
    progress.line(line)
    assert progress.doing == doing


def test_without_a_terminal_steps_and_large_files_have_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(2)
    with progress.step("torch"):
        progress.line("  Downloading torch-2.12.1-cp311.whl (532.2 MB)\n")
        progress.line("  Downloading idna-3.11.whl (71 kB)\n")
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["1 of 2 torch ...", "1 of 2 torch: fetching torch, 532.2 MB"]
    assert re.fullmatch(r"1 of 2 torch: done in \d+ s", said[2])
    assert len(said) == 3


def test_an_index_that_is_gone_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(80, 10, 70_000_000_000))
    announce(tmp_path / ".venv", GONE)
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"{GONE} can't be reached: the ordinary torch is taken, with CUDA that nothing here uses"
    assert second == "setting up .venv: 3.1 GB to fetch unless they are cached, 5.5 GB on disk, a few minutes"


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(8, 7, 1_000_000_000))
    assert main([str(tmp_path / ".venv"), GONE]) == 3
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"error: {tmp_path} has 1.0 GB free, and the environment takes 5.5 GB"
    assert not (tmp_path / ".venv").exists()


def test_a_step_that_fails_ends_with_what_its_program_said(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"^`sh -c echo the hash differs; exit 7` exited with 7:\nthe hash differs$"):
        run(["sh", "-c", "echo the hash differs; exit 7"], Progress(1), dict(os.environ))


@pytest.mark.parametrize(("uv_code", "asked"), [(0, ["uv1", "uv1"]), (2, ["uv1", "pip1", "pip1"])])
def test_pip_goes_on_where_uv_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uv_code: int, asked: list[str]
) -> None:
    log = tmp_path / "log"
    bin_folder = tmp_path / ".venv/bin"
    bin_folder.mkdir(parents=True)
    for name, program, code in (("uv", "uv", uv_code), ("pip", ".venv/bin/python", 0)):
        path = tmp_path / program
        path.write_text(f'#!/bin/sh\necho {name}$UV_COMPILE_BYTECODE >> "{log}"\nexit {code}\n')
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    installer = Installer(tmp_path / ".venv", Progress(1))
    installer.install("-r", "one.txt")
    installer.install("-r", "two.txt")
    assert log.read_text().split() == asked


def test_the_lock_of_uv_is_by_hash() -> None:
    text = (setup_environment.LOCKS / "uv.txt").read_text()
    assert re.search(r"^uv==\S+ \\\n    --hash=sha256:", text, re.MULTILINE)
