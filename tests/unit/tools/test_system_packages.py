from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / "tools" / "system_packages.py"


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("javac", "mvn", "gcc", "readelf", "adb", "git"):
        program(folder, name, "exit 0")
    return folder


OPTIONAL = ("gcc-aarch64-linux-gnu", "qemu-user")


def program(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def run(folder: Path, uid: int) -> subprocess.CompletedProcess[str]:
    machine = "import platform; platform.machine = lambda: 'x86_64'"
    code = (
        f"{machine}; import os, runpy; os.geteuid = lambda: {uid}; runpy.run_path({str(TOOL)!r}, run_name='__main__')"
    )
    env = {**os.environ, "PATH": str(folder)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)


def test_nothing_is_said_where_nothing_is_missing(bin_folder: Path) -> None:
    done = run(bin_folder, uid=1000)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_root_one_sentence_names_them(bin_folder: Path) -> None:
    (bin_folder / "mvn").unlink()
    (bin_folder / "adb").unlink()
    done = run(bin_folder, uid=1000)
    assert done.returncode == 3
    assert done.stderr == "error: maven, adb missing; as root: apt-get install -y --no-install-recommends maven adb\n"


def test_root_installs_them_and_then_what_a_phones_libraries_need(bin_folder: Path, tmp_path: Path) -> None:
    (bin_folder / "mvn").unlink()
    program(bin_folder, "apt-get", f'echo "$*" >> {tmp_path}/calls')
    done = run(bin_folder, uid=0)
    update, needed, optional = (tmp_path / "calls").read_text().splitlines()

    assert done.returncode == 0, done.stderr
    assert update == "update -q"
    assert needed == "install -y --no-install-recommends maven"
    # The headers are looked for in their place, so whether they are named is this machine's.
    assert optional.removesuffix(" libc6-dev-arm64-cross") == f"install -y --no-install-recommends {' '.join(OPTIONAL)}"


def test_a_system_without_what_a_phones_libraries_need_does_without(bin_folder: Path, tmp_path: Path) -> None:
    program(bin_folder, "apt-get", f'echo "$*" >> {tmp_path}/calls; exit 100')
    done = run(bin_folder, uid=0)
    assert (done.returncode, (tmp_path / "calls").read_text()) == (0, "update -q\n")


def test_apt_that_fails(bin_folder: Path) -> None:
    (bin_folder / "mvn").unlink()
    program(bin_folder, "apt-get", "exit 100")
    done = run(bin_folder, uid=0)
    assert done.returncode == 3
    assert "error: `apt-get update -q` exited with 100" in done.stderr
