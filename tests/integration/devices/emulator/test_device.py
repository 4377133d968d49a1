"""The whole device with a real dockerd and a real adb: what is no emulator, and the stand-in that nearly is one."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pocketfit.devices.emulator.device import EmulatorDevice
from pocketfit.devices.emulator.docker import CREATED_LABEL, RUN_LABEL, Container, Docker
from pocketfit.errors import EnvironmentProblem
from pocketfit.records import DeviceSpec, Load
from pocketfit.runtimes.library import find_android
from tests.integration.conftest import StandInImage
from tests.integration.devices.conftest import Export, read_output
from tests.integration.devices.emulator.siblings import SRC, run_inside
from tests.integration.devices.models import convolution

pytestmark = pytest.mark.usefixtures("own_adb_server", "nothing_left")

# What `cli.main` does, around a device that boots, and then waits to be told to stop.
PROGRAM = """
import logging, signal, sys, time
from pathlib import Path
from pocketfit.devices.emulator.device import EmulatorDevice
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import find_android
logging.basicConfig(level=logging.INFO, format="%(message)s")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
# A shell's background job starts with it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
device = EmulatorDevice(DeviceSpec(), find_android(), image=sys.argv[1])
assert device.unavailable() is None
print("starting", flush=True)
with device.up():
    time.sleep(60)
"""


@pytest.fixture
def nothing_left(api: Any) -> Iterator[None]:
    def ours() -> set[str]:
        return {found["Names"][0] for found in api.containers(all=True, filters={"label": RUN_LABEL})}

    before = ours()
    yield
    assert ours() - before == set()


def emulator(image: str, folder: Path | None = None, boot_timeout_s: float = 4) -> EmulatorDevice:
    return EmulatorDevice(DeviceSpec(), find_android(), image=image, boot_timeout_s=boot_timeout_s, log_folder=folder)


def failure(device: EmulatorDevice) -> str:
    with pytest.raises(EnvironmentProblem) as caught, device.up():
        pass
    return str(caught.value)


def test_it_can_be_used_here(docker: Docker) -> None:
    assert emulator("any").unavailable() is None


def test_it_boots_and_says_how_far_it_is(
    standin_image: StandInImage, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.INFO, "pocketfit")
    device = emulator(standin_image("boot-after=12 packages-after=13"), tmp_path, boot_timeout_s=60)
    with device.up() as running:
        info = running.info
    assert (info.kind, info.abi, info.hardware.model) == ("emulator", "x86_64", "Pocketfit stand-in")
    said = "\n".join(caplog.messages)
    assert re.search(r"emulator: started pocketfit-emulator-\w+-1 from pocketfit-test-standin:", said)
    assert re.search(r"emulator: booting, 1\d s, waiting for sys.boot_completed", said)
    assert re.search(r"emulator: ready after 1\d s", said)
    assert not (tmp_path / "emulator.log").exists()


def test_a_model_runs_on_it(api: Any, standin_image: StandInImage, export: Export, tmp_path: Path) -> None:
    import torch

    given = export("lite", convolution(), torch.ones(1, 3, 16, 16))
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    device = emulator(standin_image(""), tmp_path, boot_timeout_s=60)
    with device.up() as running:
        run = running.smoke(given, tmp_path / "first")
        assert (run.status, run.reason) == ("passed", "")
        assert read_output(run.outputs[0], tmp_path / "first").shape == (1, 8)
        load = running.time_load(given, given, seed=0, rounds=2, budget_ms=5000)
        assert isinstance(load, Load), load
        api.kill(f"pocketfit-emulator-{device.run}-1")
        lost = running.smoke(given, tmp_path / "second")
    assert lost.status == "infra-error"
    assert lost.reason.startswith("the emulator's container ended with exit code 137 (")
    assert "the container ended with exit code 137" in (tmp_path / "emulator.log").read_text()


def test_the_port_may_open_late(standin_image: StandInImage) -> None:
    with emulator(standin_image("port-after=7"), boot_timeout_s=60).up() as running:
        assert running.info.abi == "x86_64"


def test_from_inside_a_container(
    docker: Docker, api: Any, images: dict[str, str], labels: dict[str, str], standin_image: StandInImage
) -> None:
    name = f"pocketfit-test-{labels[RUN_LABEL]}"
    code = f"""
from pocketfit.devices.emulator.device import EmulatorDevice
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import find_android
device = EmulatorDevice(DeviceSpec(), find_android(), image={standin_image("")!r}, boot_timeout_s=60)
assert device.unavailable() is None
with device.up() as running:
    print(running.info.hardware.model)
"""
    api.create_network(name)
    try:
        assert run_inside(name, name, code, images["wait"]) == "Pocketfit stand-in\n"
    finally:
        api.remove_network(name)


def test_an_image_whose_container_ends(images: dict[str, str], tmp_path: Path) -> None:
    image = images["exit"]
    sentence = f"the emulator's container ended with exit code 3 (this is no emulator): is {image} an Android emulator's image?"
    assert failure(emulator(image, tmp_path, boot_timeout_s=60)) == f"{sentence} (its log: {tmp_path}/emulator.log)"
    kept = re.sub(r"emulator-\w+-", "emulator-RUN-", (tmp_path / "emulator.log").read_text())
    assert kept == "".join(
        f"--- pocketfit-emulator-RUN-{attempt}: {sentence}\nthis is no emulator\n" for attempt in (1, 2)
    )


def test_an_image_that_never_speaks_adb(images: dict[str, str]) -> None:
    assert re.fullmatch(
        r"nothing on port 5555 answers adb in 4 s \(.+\): is pocketfit-test-wait:1 an Android emulator's image\?",
        failure(emulator(images["wait"])),
    )


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        ("never-boot", "Android did not boot in 4 s: use a machine with more cores, or --device jvm"),
        ("packages-after=600", "Android booted, but its package manager did not answer in 4 s"),
        ("offline", "nothing on port 5555 answers adb in 4 s"),
        ("unauthorized", "nothing on port 5555 answers adb in 4 s"),
        ("never-boot die-in-boot=1", "the emulator's container ended with exit code 1"),
    ],
)
def test_an_android_that_does_not_come_up(standin_image: StandInImage, faults: str, sentence: str) -> None:
    assert failure(emulator(standin_image(faults))).startswith(sentence)


def test_a_second_container_may_do_better(
    api: Any, standin_image: StandInImage, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.INFO, "pocketfit")
    device = emulator(standin_image("boot-after=4"), tmp_path, boot_timeout_s=60)

    def kill_the_first() -> None:
        name = f"pocketfit-emulator-{device.run}-1"
        while not api.containers(filters={"name": name}):
            time.sleep(0.1)
        api.kill(name)

    Thread(target=kill_the_first, daemon=True).start()
    with device.up() as running:
        assert running.info.hardware.model == "Pocketfit stand-in"
    assert "ended with exit code 137" in "\n".join(caplog.messages)
    assert "ended with exit code 137" in (tmp_path / "emulator.log").read_text()


def test_leftovers_are_removed_at_the_next_start(
    docker: Docker, images: dict[str, str], labels: dict[str, str]
) -> None:
    old = Container(f"pocketfit-test-{labels[RUN_LABEL]}", images["wait"], labels | {CREATED_LABEL: "1700000000"})
    docker.start(old)
    failure(emulator(images["exit"]))
    assert docker.ended(old.name) == "was removed by someone else"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 2.0])
def test_told_to_stop_while_it_boots(standin_image: StandInImage, number: signal.Signals, after_s: float) -> None:
    """Also in the moment in which Docker was asked for a container and has not answered: see `nothing_left`."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, standin_image("never-boot")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SRC)},
    )
    assert process.stdout
    assert process.stdout.readline() == "starting\n"
    time.sleep(after_s)
    began = time.monotonic()
    process.send_signal(number)
    process.communicate(timeout=30)
    # The runner kills a cancelled step's container 7.5 s after it told it to stop.
    assert time.monotonic() - began < 7
    assert process.returncode in (143, 130, -signal.SIGINT)
