"""The emulator's container, and what is said when its Android does not come up."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.devices.emulator.boot import Wait, emulator_container, explain_end, explain_timeout
from pocketfit.devices.emulator.device import EmulatorDevice
from pocketfit.devices.emulator.docker import CREATED_LABEL, RUN_LABEL, Container, Machine
from pocketfit.devices.emulator.docker_problems import KILLED, OUT_OF_MEMORY
from pocketfit.errors import EnvironmentProblem
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import AndroidSide

LABELS = {RUN_LABEL: "0123456789ab", CREATED_LABEL: "1795512495"}
IMAGE = "halimqarroum/docker-android:api-33"
GIB = 1 << 30
ANDROID = AndroidSide(Path("android"), "x86_64", {})


def test_the_container_gets_kvm_and_a_part_of_the_machine() -> None:
    assert emulator_container(IMAGE, LABELS, 1, "github_network_1", Machine(4, 16 * GIB)) == Container(
        name="pocketfit-emulator-0123456789ab-1",
        image=IMAGE,
        labels=LABELS,
        devices=("/dev/kvm:/dev/kvm:rwm",),
        environment={"MEMORY": "4096", "CORES": "2", "SKIP_AUTH": "true", "DISABLE_ANIMATION": "true"},
        network="github_network_1",
        port=5555,
        memory_bytes=6 * GIB,
        cores=3,
    )


@pytest.mark.parametrize(
    ("machine", "memory_mib", "cores", "limit"),
    [
        (Machine(1, 4 * GIB), "2048", "1", 1),
        (Machine(2, 8 * GIB), "2048", "2", 2),
        (Machine(4, 12 * GIB), "3072", "2", 3),
        (Machine(64, 256 * GIB), "4096", "4", 5),
    ],
)
def test_room_is_left_on_the_machine(machine: Machine, memory_mib: str, cores: str, limit: int) -> None:
    container = emulator_container(IMAGE, LABELS, 1, None, machine)
    assert (container.environment["MEMORY"], container.environment["CORES"]) == (memory_mib, cores)
    assert container.cores == limit


def test_every_attempt_has_a_name_of_its_own() -> None:
    names = {emulator_container(IMAGE, LABELS, attempt, None, Machine(2, GIB)).name for attempt in (1, 2)}
    assert len(names) == 2


def test_the_image_follows_the_api_level_unless_it_is_named() -> None:
    assert EmulatorDevice(DeviceSpec(), ANDROID).image == IMAGE
    assert EmulatorDevice(DeviceSpec(api_level=30), ANDROID).image == "halimqarroum/docker-android:api-30"
    pinned = f"halimqarroum/docker-android@sha256:{'0' * 64}"
    assert EmulatorDevice(DeviceSpec(), ANDROID, image=pinned).image == pinned


def test_adb_must_be_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert EmulatorDevice(DeviceSpec(), ANDROID).unavailable() == "adb is not on PATH: apt-get install adb"


def test_without_the_android_side_no_container_is_started() -> None:
    device = EmulatorDevice(DeviceSpec(), "the Android runtime is not built")
    with pytest.raises(EnvironmentProblem, match="the Android runtime is not built"), device.up():
        pass


@pytest.mark.parametrize(
    ("end", "printed", "sentence"),
    [
        (
            "ended with exit code 1",
            "starting\n  no display  \n\n",
            f"the emulator's container ended with exit code 1 (no display): is {IMAGE} an Android emulator's image?",
        ),
        (
            OUT_OF_MEMORY,
            "",
            "the emulator's container ran out of memory and was killed: use a machine with more memory",
        ),
        (
            KILLED,
            "",
            "the emulator's container ended with exit code 137 (killed: memory ran out, or somebody stopped it): "
            "use a machine with more memory",
        ),
    ],
)
def test_a_container_that_ends(end: str, printed: str, sentence: str) -> None:
    assert explain_end(end, printed, IMAGE) == sentence


@pytest.mark.parametrize(
    ("wait", "sentence"),
    [
        (
            Wait("adb", "adb exited with 1: error: device offline"),
            f"nothing on port 5555 answers adb in 600 s (adb exited with 1: error: device offline): is {IMAGE} an Android emulator's image?",
        ),
        (
            Wait("sys.boot_completed"),
            "Android did not boot in 600 s: use a machine with more cores, or --device jvm",
        ),
        (
            Wait("the package manager", "adb exited with 20: cmd: Can't find service: package"),
            "Android booted, but its package manager did not answer in 600 s (adb exited with 20: cmd: Can't find service: package): try again, or --device jvm",
        ),
    ],
)
def test_an_android_that_is_not_up_in_time(wait: Wait, sentence: str) -> None:
    assert explain_timeout(wait, IMAGE, 600) == sentence
