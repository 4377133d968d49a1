"""Checks that a container can have /dev/kvm, without which an emulator boots in a quarter of an hour, or never."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pocketfit.devices.emulator.docker import RUN_LABEL, Container, Docker
from pocketfit.devices.emulator.docker_problems import KVM, NO_KVM
from pocketfit.errors import EnvironmentProblem


def kvm_problem(docker: Docker, labels: Mapping[str, str]) -> str | None:
    """Say why an emulator can't use /dev/kvm here, with the next step; None if it can.

    A container does not see its host's devices, so from inside one a probe is started: from our own image, the only one
    that is surely here. The node is opened, since it can be there without a module behind it.
    """
    own = docker.own_container()
    if own is None:
        return NO_KVM if _opening_fails() else None
    name = f"pocketfit-probe-{labels[RUN_LABEL]}"
    command = ("/bin/sh", "-c", f": <> {KVM}")
    try:
        docker.start(Container(name, own["Image"], labels, entrypoint=command, devices=(KVM,)))
        return NO_KVM if docker.exit_code(name) else None
    except EnvironmentProblem as problem:
        return str(problem)
    finally:
        docker.remove(name)


def _opening_fails() -> bool:
    """True where this machine's /dev/kvm does not work. One that this user may not open is root's in a container."""
    try:
        os.close(os.open(KVM, os.O_RDWR))
    except PermissionError:
        return False
    except OSError:
        return True
    return False
