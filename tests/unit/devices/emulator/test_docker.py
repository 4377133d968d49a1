"""What is said about Docker's errors, and about a pull."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from pocketfit.devices.emulator.docker_problems import (
    NO_KVM,
    explain_elsewhere,
    explain_no_answer,
    explain_pull,
    explain_start,
)
from pocketfit.devices.emulator.docker_pull import Event, PullProgress, unstalled

SOCKET = "/var/run/docker.sock"
IMAGE = "halimqarroum/docker-android:api-33"


def test_the_sdk_is_loaded_only_when_used() -> None:
    code = "import sys, pocketfit.devices, pocketfit.devices.emulator.docker; sys.exit('docker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            "Error while fetching server API version: ('Connection aborted.', FileNotFoundError(2, 'No such file'))",
            "there is no Docker at /var/run/docker.sock: start Docker, pass its socket into this container (docker run --volume /var/run/docker.sock:/var/run/docker.sock), or use --device jvm",
        ),
        (
            "Error while fetching server API version: ('Connection aborted.', PermissionError(13, 'Permission denied'))",
            "this user may not use Docker at /var/run/docker.sock: add the user to the group docker, or run as root",
        ),
        (
            "Error while fetching server API version: ('Connection aborted.', ConnectionRefusedError(111, 'refused'))",
            "nothing listens at /var/run/docker.sock: start Docker, or use --device jvm",
        ),
        (
            "Error while fetching server API version: 404 Client Error",
            "what answers at /var/run/docker.sock is not Docker: set DOCKER_HOST to Docker's socket, or use --device jvm (Error while fetching server API version: 404 Client Error)",
        ),
    ],
)
def test_a_daemon_that_does_not_answer_is_explained(error: str, sentence: str) -> None:
    assert explain_no_answer(SOCKET, error) == sentence


@pytest.mark.parametrize("where", [SOCKET, "unix:///run/user/1000/docker.sock", "tcp://127.0.0.1:2375"])
def test_a_docker_on_this_machine(where: str) -> None:
    assert explain_elsewhere(where) is None


def test_a_docker_on_another_machine() -> None:
    assert explain_elsewhere("tcp://docker:2375") == (
        "DOCKER_HOST is tcp://docker:2375, and an emulator there can't be reached: use a local Docker, or --device jvm"
    )


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (
            "pull access denied for x, repository does not exist or may require 'docker login'",
            "check its name, and log in to the registry before Pocketfit's step (docker login) if it is private",
        ),
        (
            "toomanyrequests: You have reached your pull rate limit.",
            "log in to the registry before Pocketfit's step (docker login), or use a mirror with --emulator-image",
        ),
        (
            "manifest for halimqarroum/docker-android:api-99 not found: manifest unknown",
            "check its name and tag, or name another with --emulator-image",
        ),
        ("invalid reference format", "check its name and tag, or name another with --emulator-image"),
        (
            "write /var/lib/docker/tmp/GetImageBlob: no space left on device",
            "make room on the machine that Docker runs on",
        ),
        ("no progress in 300 s", "check that Docker reaches the registry, and try again"),
        (
            "dial tcp: lookup registry.example.invalid: no such host",
            "check that Docker reaches the registry, and try again",
        ),
    ],
)
def test_a_pull_that_is_refused_names_the_next_step(error: str, step: str) -> None:
    assert explain_pull(IMAGE, error) == f"the emulator's image {IMAGE} could not be pulled ({error}): {step}"


def test_no_kvm_gives_the_rule_to_paste() -> None:
    error = 'error gathering device information while adding custom device "/dev/kvm": no such file or directory'
    assert explain_start(IMAGE, error) == NO_KVM
    assert (
        NO_KVM
        == """the machine that Docker runs on has no usable /dev/kvm: on a hosted Linux runner run `echo 'KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"' | sudo tee /etc/udev/rules.d/99-kvm4all.rules && sudo udevadm control --reload-rules && sudo udevadm trigger --name-match=kvm` in a step before Pocketfit's, elsewhere use a machine with KVM, or --device jvm"""
    )


def test_a_container_that_can_not_be_started() -> None:
    assert explain_start(IMAGE, "no command specified") == (
        "Docker could not start a container from halimqarroum/docker-android:api-33: no command specified"
    )


def test_progress_of_a_pull() -> None:
    progress = PullProgress()
    for event in [
        {"status": "Pulling from halimqarroum/docker-android", "id": "api-33"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": "a"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": "b"},
        {"status": "Downloading", "progressDetail": {"current": 1_000_000, "total": 9_000_000}, "id": "a"},
        {"status": "Downloading", "progressDetail": {"current": 8_500_000, "total": 9_000_000}, "id": "a"},
        {"status": "Downloading", "progressDetail": {"current": 4_000_000, "total": 5_000_000}, "id": "b"},
        {"status": "Extracting", "progressDetail": {"current": 100, "total": 9_000_000}, "id": "a"},
        {"status": "Pull complete", "progressDetail": {}, "id": "a"},
    ]:
        progress.add(event)
    assert (str(progress), progress.error) == ("12.50 MB, 1 of 2 layers unpacked", "")
    progress.add({"errorDetail": {"message": "toomanyrequests: slow down"}, "error": "toomanyrequests: slow down"})
    assert progress.error == "toomanyrequests: slow down"


def test_a_pull_that_goes_on() -> None:
    assert list(unstalled(lambda: [{"id": "a"}, {"id": "b"}], limit_s=5)) == [{"id": "a"}, {"id": "b"}]


def test_a_pull_that_fails() -> None:
    def refused() -> Iterator[Event]:
        yield {"id": "a"}
        raise ConnectionResetError("reset")

    events = unstalled(refused, limit_s=5)
    assert next(events) == {"id": "a"}
    with pytest.raises(ConnectionResetError, match="reset"):
        next(events)


def test_a_pull_that_stalls() -> None:
    def stalls() -> Iterator[Event]:
        yield {"id": "a"}
        time.sleep(5)

    events = unstalled(stalls, limit_s=0.1)
    assert next(events) == {"id": "a"}
    with pytest.raises(TimeoutError, match=r"no progress in 0 s"):
        next(events)
