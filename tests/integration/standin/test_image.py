"""The stand-in as a container, started as an emulator's image is."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from standin.fixture import StandIn
from standin.server import adb_server
from tests.integration.conftest import StandInImage, require
from tests.integration.standin.conftest import equip
from tests.integration.standin.test_app_process import last_line


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], check=False, capture_output=True, text=True, timeout=120)


@pytest.fixture
def image(standin_image: StandInImage) -> str:
    return standin_image("")


@contextmanager
def container(image: str, *options: str) -> Iterator[str]:
    name = f"pocketfit-standin-test-{os.getpid()}"
    started = docker("run", "--detach", "--name", name, "--publish", "127.0.0.1::5555", *options, image)
    assert started.returncode == 0, started.stderr
    try:
        yield name
    finally:
        docker("rm", "--force", name)


def wait_for_log(name: str, text: str) -> None:
    for _ in range(100):
        if text in docker("logs", name).stdout:
            return
        time.sleep(0.1)
    raise AssertionError(docker("logs", name).stdout)


def test_a_model_runs_in_it(image: str, models: Path, tmp_path: Path) -> None:
    require(Path("/dev/kvm").exists(), "no /dev/kvm")
    options = ["--device", "/dev/kvm", "--env", "MEMORY=2048", "--env", "CORES=1"]
    with container(image, *options) as name, adb_server(tmp_path) as environment:
        wait_for_log(name, "boot completed")
        serial = docker("port", name, "5555").stdout.split()[0]
        device = StandIn(serial, tmp_path, environment, subprocess.Popen(["true"]))
        device.adb("connect", serial)
        assert device.adb("shell", "nproc").stdout == "1\n"
        assert last_line(equip(device, models).run())["artifacts"][0]["outputs"][0]["shape"] == [1, 8]
        device.adb("reboot")
        wait_for_log(name, "rebooting")


def test_no_boot_without_kvm(image: str) -> None:
    with container(image) as name:
        assert docker("wait", name).stdout == "1\n"
        assert "/dev/kvm is missing: an emulator needs it" in docker("logs", name).stdout


def test_faults_by_environment(image: str) -> None:
    options = ["--env", "POCKETFIT_STANDIN_KVM=optional", "--env", "POCKETFIT_STANDIN_FAULTS=never-boot die-in-boot=1"]
    with container(image, *options) as name:
        assert docker("wait", name).stdout == "1\n"
        assert "died while booting" in docker("logs", name).stdout


def test_it_stops_at_once(image: str) -> None:
    with container(image, "--env", "POCKETFIT_STANDIN_KVM=optional") as name:
        wait_for_log(name, "boot completed")
        began = time.monotonic()
        docker("stop", name)
        assert time.monotonic() - began < 5
