"""The one place that speaks Docker, through its SDK; what Docker can't do is an EnvironmentProblem."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketfit.devices.emulator.docker_problems import (
    KILLED,
    KILLED_CODE,
    OUT_OF_MEMORY,
    SOCKET,
    asking,
    explain_elsewhere,
    explain_no_answer,
    explain_start,
    in_short,
)
from pocketfit.devices.emulator.docker_pull import pull
from pocketfit.devices.emulator.sibling import is_leftover, network_to_join, own_container_id
from pocketfit.errors import EnvironmentProblem

log = logging.getLogger(__name__)

RUN_LABEL = "pocketfit.run"
CREATED_LABEL = "pocketfit.created"
HELLO_S = 10
ANSWER_S = 120
# How long a container may take to appear after we were interrupted while asking for it.
LATE_S = 5


@dataclass(frozen=True)
class Container:
    """A container to start. Without a `network` its `port` is published on the host's loopback."""

    name: str
    image: str
    labels: Mapping[str, str]
    entrypoint: Sequence[str] | None = None
    devices: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    port: int | None = None
    memory_bytes: int | None = None
    cores: float | None = None


@dataclass(frozen=True)
class Machine:
    """The cores and the memory of the machine that Docker runs on."""

    cores: int
    memory_bytes: int


def connect() -> Docker:
    """The daemon that DOCKER_HOST names, else the one at the usual socket; raises EnvironmentProblem without one."""
    try:
        import docker
    except ImportError as error:
        raise EnvironmentProblem("Docker's SDK for Python is not installed here: pip install docker") from error
    where = os.environ.get("DOCKER_HOST") or SOCKET
    if reason := explain_elsewhere(where):
        raise EnvironmentProblem(reason)
    try:
        client = docker.from_env(timeout=HELLO_S)
    except docker.errors.DockerException as error:
        raise EnvironmentProblem(explain_no_answer(where, str(error))) from error
    client.api.timeout = ANSWER_S
    return Docker(client.api)


class Docker:
    """`api` is the SDK's low-level client: it answers with what Docker says, and no object goes stale."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self._unanswered: set[str] = set()

    def machine(self) -> Machine:
        with asking("what its machine has"):
            info = self._api.info()
        return Machine(info["NCPU"], info["MemTotal"])

    def network(self) -> str | None:
        """The network to start a sibling on, or None where it is reached by a port on the loopback."""
        own = self.own_container()
        # act starts an action in the network of another container.
        while own and (mode := own["HostConfig"]["NetworkMode"]).startswith("container:"):
            own = self._inspect(mode.removeprefix("container:"))
        return network_to_join(own["NetworkSettings"]["Networks"]) if own else None

    def own_container(self) -> Mapping[str, Any] | None:
        """Inspect the container that we run in; None outside one, or in one of another Docker."""
        own = own_container_id(_read("/proc/self/cgroup"), _read("/proc/self/mountinfo"))
        name = own or socket.gethostname()
        container = self._inspect(name)
        # A host may be called what a container is named.
        return container if container and container["Id"].startswith(name) else None

    def exit_code(self, name: str) -> int:
        """Wait for the end of a container that takes a moment."""
        with asking("how a container ended"):
            code: int = self._api.wait(name, timeout=HELLO_S)["StatusCode"]
            return code

    def pull(self, image: str) -> None:
        """Fetch an image unless it is here, logging every few seconds how far it is."""
        from docker.errors import NotFound

        with asking(f"about the image {image}"), contextlib.suppress(NotFound):
            self._api.inspect_image(image)
            return
        pull(image, lambda: self._api.pull(image, stream=True, decode=True))

    def start(self, container: Container) -> None:
        """Create and start a container, with an init so that its children end with it; it may be there afterwards even
        if this raises, so `remove` its name in every ending."""
        from docker.errors import APIError, DockerException

        host = self._api.create_host_config(
            devices=list(container.devices) or None,
            port_bindings={container.port: ("127.0.0.1", None)} if container.port and not container.network else None,
            network_mode=container.network,
            mem_limit=container.memory_bytes,
            nano_cpus=round(container.cores * 1e9) if container.cores else None,
            init=True,
        )
        self._unanswered.add(container.name)
        try:
            self._api.create_container(
                container.image,
                name=container.name,
                entrypoint=container.entrypoint and list(container.entrypoint),
                environment=dict(container.environment),
                labels=dict(container.labels),
                ports=[container.port] if container.port else None,
                host_config=host,
            )
            self._unanswered.discard(container.name)
            self._api.start(container.name)
        except (DockerException, OSError) as error:
            if isinstance(error, APIError):
                self._unanswered.discard(container.name)
            raise EnvironmentProblem(explain_start(container.image, in_short(error))) from error

    def address(self, name: str, network: str | None, port: int) -> str:
        """HOST:PORT by which a container that runs is reached from here; empty for one that does not."""
        settings = (self._inspect(name) or {}).get("NetworkSettings", {})
        if network:
            ip = settings.get("Networks", {}).get(network, {}).get("IPAddress")
            return f"{ip}:{port}" if ip else ""
        published = settings.get("Ports", {}).get(f"{port}/tcp")
        return f"127.0.0.1:{published[0]['HostPort']}" if published else ""

    def ended(self, name: str) -> str | None:
        """Say how a container ended; None as long as it runs."""
        if (container := self._inspect(name)) is None:
            return "was removed by someone else"
        state = container["State"]
        if state["Running"]:
            return None
        if state["OOMKilled"]:
            return OUT_OF_MEMORY
        return KILLED if state["ExitCode"] == KILLED_CODE else f"ended with exit code {state['ExitCode']}"

    def log(self, name: str, lines: int) -> str:
        """The last lines that a container printed; empty for one that is not there."""
        from docker.errors import NotFound

        with asking("for a container's log"), contextlib.suppress(NotFound):
            printed: bytes = self._api.logs(name, tail=lines)
            return printed.decode(errors="replace")
        return ""

    def remove(self, name: str) -> None:
        """Remove a container with what it stored, whether it runs, ended, or never was."""
        from docker.errors import APIError

        deadline = time.monotonic() + LATE_S
        with asking("to remove a container"):
            while time.monotonic() < deadline:
                try:
                    self._api.remove_container(name, force=True, v=True)
                    self._unanswered.discard(name)
                except APIError as error:
                    # 404: it is gone, or still to come; 409: its removal is under way.
                    if error.status_code == 404 and name not in self._unanswered:
                        return
                    if error.status_code not in (404, 409):
                        raise
                    time.sleep(0.2)
            self._unanswered.discard(name)

    def reap(self, run: str, *, age_s: float) -> None:
        """Remove what runs of ours left that were killed: containers with our labels that are older than `age_s`."""
        with asking("for leftovers"):
            for container in self._api.containers(all=True, filters={"label": [RUN_LABEL, CREATED_LABEL]}):
                labels, name = container["Labels"], container["Names"][0].lstrip("/")
                if is_leftover(labels[CREATED_LABEL], labels[RUN_LABEL], ours=run, now_s=time.time(), age_s=age_s):
                    log.info("emulator: removing %s, which a killed run left", name)
                    self.remove(container["Id"])

    def _inspect(self, name: str) -> Mapping[str, Any] | None:
        from docker.errors import NotFound

        with asking("about a container"), contextlib.suppress(NotFound):
            container: Mapping[str, Any] = self._api.inspect_container(name)
            return container
        return None


def _read(path: str) -> str:
    """A file of /proc; empty on a system without it."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
