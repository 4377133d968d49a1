"""The command line, and what can be told of the commands without a device."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from standin.namespace import NEEDED
from standin.state import State


def run(*words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", "-m", "standin", *words]
    environment = {**os.environ, **variables}
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=20, env=environment)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--faults", "explode"], "argument --faults: invalid parse value: 'explode'"),
        (["--prop", "novalue"], "--prop needs name=value"),
    ],
)
def test_bad_usage(words: list[str], said: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr


def test_help_lists_the_faults() -> None:
    assert "  drop-push          BYTES: the connection is cut" in run("--help").stdout


def test_a_machine_without_namespaces(tmp_path: Path) -> None:
    done = run("--folder", tmp_path, PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == f"stand-in: {NEEDED}\n"


def test_properties_while_it_boots(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.create({"ro.product.model": "Mine"}, 4096, tmp_path)
    assert state.properties()["sys.boot_completed"] == "1"
    assert state.properties()["ro.product.model"] == "Mine"
    state.faults.write({"boot-after": "60"})
    assert "sys.boot_completed" not in state.properties()
    assert not state.packages_answer()
    state.faults.write({"packages-after": "60"})
    assert state.booted()
    assert not state.packages_answer()
    state.begin_boot(at_least_s=60)
    assert not state.booted()
