"""The Docker class against a real dockerd, with images of one small program."""

from __future__ import annotations

import logging
import socket
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pocketfit.devices.emulator.docker import CREATED_LABEL, RUN_LABEL, Container, Docker, connect
from pocketfit.devices.emulator.docker_problems import KILLED, KVM, NO_KVM, OUT_OF_MEMORY
from pocketfit.devices.emulator.kvm import kvm_problem
from pocketfit.errors import EnvironmentProblem
from tests.integration.devices.emulator.siblings import registry, run_inside


def container_from(image: str, labels: dict[str, str], **more: Any) -> Container:
    return Container(f"pocketfit-test-{labels[RUN_LABEL]}", image, labels, **more)


def wait_for_end(docker: Docker, name: str) -> str:
    for _ in range(100):
        if end := docker.ended(name):
            return end
        time.sleep(0.1)
    raise AssertionError("it still runs")


def test_a_container_is_started_reached_and_removed(
    docker: Docker, api: Any, images: dict[str, str], labels: dict[str, str]
) -> None:
    container = container_from(
        images["wait"], labels, port=5555, memory_bytes=64 << 20, cores=0.5, devices=(f"{KVM}:{KVM}:rwm",)
    )
    docker.start(container)
    assert docker.ended(container.name) is None
    host, _, port = docker.address(container.name, None, 5555).partition(":")
    assert host == "127.0.0.1"
    assert int(port) > 1024
    seen = api.inspect_container(container.name)["HostConfig"]
    assert (seen["Memory"], seen["NanoCpus"], seen["Init"]) == (64 << 20, 500_000_000, True)
    assert seen["Devices"] == [{"PathOnHost": KVM, "PathInContainer": KVM, "CgroupPermissions": "rwm"}]
    docker.remove(container.name)
    assert docker.ended(container.name) == "was removed by someone else"
    docker.remove(container.name)


def test_a_container_that_ends(docker: Docker, images: dict[str, str], labels: dict[str, str]) -> None:
    container = container_from(images["exit"], labels, port=5555)
    docker.start(container)
    assert wait_for_end(docker, container.name) == "ended with exit code 3"
    assert docker.log(container.name, 10) == "this is no emulator\n"
    assert docker.address(container.name, None, 5555) == ""
    docker.remove(container.name)
    assert docker.log(container.name, 10) == ""


def test_a_container_that_takes_too_much_memory(docker: Docker, images: dict[str, str], labels: dict[str, str]) -> None:
    container = container_from(images["eat"], labels, memory_bytes=16 << 20)
    docker.start(container)
    end = wait_for_end(docker, container.name)
    docker.remove(container.name)
    # Where Docker missed the kernel's word of it, the exit code tells.
    assert end in (OUT_OF_MEMORY, KILLED)


def test_no_such_device(docker: Docker, images: dict[str, str], labels: dict[str, str]) -> None:
    container = container_from(images["wait"], labels, devices=("/dev/nonesuch:/dev/kvm",))
    with pytest.raises(EnvironmentProblem) as caught:
        docker.start(container)
    docker.remove(container.name)
    assert str(caught.value) == NO_KVM or "/dev/nonesuch" in str(caught.value)


def test_an_image_that_is_not_there(docker: Docker, labels: dict[str, str]) -> None:
    with pytest.raises(EnvironmentProblem, match="Docker could not start a container from nonesuch:1: No such image"):
        docker.start(container_from("nonesuch:1", labels))


def test_leftovers_of_killed_runs_are_removed(docker: Docker, images: dict[str, str], labels: dict[str, str]) -> None:
    old = labels | {CREATED_LABEL: str(int(time.time()) - 10_000)}
    containers = [
        Container(f"pocketfit-test-{labels[RUN_LABEL]}-{age}", images["wait"], made)
        for age, made in (("old", old), ("young", labels))
    ]
    for container in containers:
        docker.start(container)
    docker.reap(labels[RUN_LABEL], age_s=7200)
    assert [docker.ended(container.name) for container in containers] == [None, None]
    docker.reap("another", age_s=7200)
    assert [docker.ended(container.name) for container in containers] == ["was removed by someone else", None]
    docker.remove(containers[1].name)


@pytest.mark.parametrize("tag", [":1", "@DIGEST", ":1@DIGEST"])
def test_a_pull_tells_how_far_it_is(
    docker: Docker, api: Any, layer: bytes, caplog: pytest.LogCaptureFixture, tag: str
) -> None:
    caplog.set_level(logging.INFO, "pocketfit")
    with registry(layer) as (host, digest):
        image = f"{host}/emulator{tag.replace('DIGEST', digest)}"
        docker.pull(image)
        said = caplog.messages
        # It is here now.
        docker.pull(image)
    assert said[0] == f"emulator: pulling {image}, 0 B, 0 of 0 layers unpacked"
    assert caplog.messages == said
    api.remove_image(api.inspect_image(image)["Id"], force=True)


def test_pull_of_what_the_registry_does_not_have(docker: Docker, layer: bytes) -> None:
    with registry(layer) as (host, _), pytest.raises(EnvironmentProblem) as caught:
        docker.pull(f"{host}/emulator:2")
    assert str(caught.value).startswith(f"the emulator's image {host}/emulator:2 could not be pulled (manifest for ")
    assert str(caught.value).endswith("): check its name and tag, or name another with --emulator-image")


def test_a_pull_that_is_refused_names_the_next_step(docker: Docker, layer: bytes) -> None:
    with registry(layer, refuses=403) as (host, _), pytest.raises(EnvironmentProblem) as caught:
        docker.pull(f"{host}/emulator:1")
    assert "log in to the registry before Pocketfit's step (docker login) if it is private" in str(caught.value)


def test_a_registry_that_is_not_there(docker: Docker) -> None:
    with pytest.raises(EnvironmentProblem, match="check that Docker reaches the registry, and try again"):
        docker.pull("127.0.0.1:1/emulator:1")


def test_a_docker_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(EnvironmentProblem, match=f"there is no Docker at unix://{tmp_path}/docker.sock: start Docker"):
        connect()


def test_a_docker_that_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/docker.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(EnvironmentProblem, match=f"nothing listens at unix://{tmp_path}/docker.sock: start Docker"):
        connect()


def test_a_docker_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    with pytest.raises(EnvironmentProblem, match="an emulator there can't be reached: use a local Docker"):
        connect()


def test_a_socket_that_is_not_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    where = f"tcp://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("DOCKER_HOST", where)
    with pytest.raises(EnvironmentProblem, match=f"what answers at {where} is not Docker: set DOCKER_HOST"):
        connect()
    server.shutdown()


@pytest.mark.parametrize("kind", ["own network", "bridge", "host", "another container's"])
def test_where_we_run_ourselves(
    docker: Docker, api: Any, images: dict[str, str], labels: dict[str, str], kind: str
) -> None:
    """Inside a container we find it, the network to use, and whether its host has /dev/kvm."""
    name = f"pocketfit-test-{labels[RUN_LABEL]}"
    if kind == "another container's":
        docker.start(Container(f"{name}-other", images["wait"], labels))
    if kind == "own network":
        api.create_network(name)
    code = f"""
from pocketfit.devices.emulator.kvm import kvm_problem
from pocketfit.devices.emulator.docker import connect
docker = connect()
print(docker.own_container()["Name"], docker.network(), kvm_problem(docker, {labels!r}))
"""
    mode = {"own network": name, "another container's": f"container:{name}-other"}.get(kind, kind)
    try:
        printed = run_inside(name, mode, code, images["wait"])
    finally:
        docker.remove(f"{name}-other")
        if kind == "own network":
            api.remove_network(name)
    network = {"own network": name, "host": None}.get(kind, "bridge")
    assert printed == f"/{name} {network} None\n"


def test_outside_a_container(docker: Docker, labels: dict[str, str]) -> None:
    if docker.own_container() is None:
        assert docker.network() is None
    assert kvm_problem(docker, labels) in (None, NO_KVM)
