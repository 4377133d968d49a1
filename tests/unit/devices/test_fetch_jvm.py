"""The JVM for arm64, with an apt that is a shell script. That one comes of it is held by make android."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FETCH = Path(__file__).parents[3] / "src/android/jvm/fetch.py"


@pytest.fixture
def jdk(tmp_path: Path) -> Path:
    (tmp_path / "jdk").mkdir()
    (tmp_path / "jdk/release").write_text('IMPLEMENTOR="Debian"\nJAVA_VERSION="17.0.15"\n')
    return tmp_path / "jdk"


def fetch(jdk: Path, out: Path, apt: str | None) -> tuple[int, str]:
    """Run it with `apt` as apt-get; without one where that is None. Returns the exit code and what it said."""
    programs = out.parent / "programs"
    programs.mkdir()
    if apt is not None:
        (programs / "apt-get").write_text(f"#!/bin/sh\n{apt}\n")
        (programs / "apt-get").chmod(0o755)
    environment = {"PATH": str(programs)}
    command = [sys.executable, str(FETCH), "--java-home", str(jdk), "--out", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("apt", "said"),
    [
        (None, "apt-get is not here\n"),
        (
            "case $1 in update) ;; *) echo 'E: Unable to locate package openjdk-17-jdk-headless' >&2; exit 100;; esac",
            "`apt-get download` said: E: Unable to locate package openjdk-17-jdk-headless\n",
        ),
        (
            "echo 'W: Some index files failed' >&2; echo 'E: Failed to fetch http://deb.test' >&2; exit 100",
            "`apt-get update` said: E: Failed to fetch http://deb.test\n",
        ),
        ("exit 0", "Debian's openjdk-17-jdk-headless has no modules to link\n"),
    ],
)
def test_what_is_missing_is_said_in_one_line(jdk: Path, tmp_path: Path, apt: str | None, said: str) -> None:
    out = tmp_path / "build" / "arm64-jvm"
    out.parent.mkdir()

    assert fetch(jdk, out, apt) == (3, said)
    assert [path.name for path in out.parent.iterdir()] == ["programs"]


def test_apt_is_asked_for_the_machines_own_version_of_java_and_installs_nothing(jdk: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "build" / "arm64-jvm", tmp_path / "log"
    out.parent.mkdir()
    fetch(jdk, out, f'echo "$@" >> {log}; while read -r line; do echo "$line" >> {log}; done < "$APT_CONFIG"')
    said = log.read_text()

    assert said.startswith("update\n")
    assert "\ndownload openjdk-17-jdk-headless libc6 libgcc-s1 libstdc++6 zlib1g\n" in said
    assert 'APT::Architecture "arm64";' in said
    assert said.count(f'Dir::State "{out.parent}/jvm-') == 2
    assert "install" not in said


def test_a_folder_that_is_no_jdk(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    out = tmp_path / "build" / "arm64-jvm"
    assert fetch(tmp_path / "none", out, None) == (3, f"{tmp_path}/none is no JDK\n")
