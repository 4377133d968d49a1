"""Finds out in which container we run, and how one that we start is reached from there."""

from __future__ import annotations

import re
from collections.abc import Collection

from pocketfit.errors import EnvironmentProblem

ID = r"([0-9a-f]{64})"
# The last part of a control group, as Docker, systemd's driver, Podman and Kubernetes name it.
CGROUP = re.compile(rf"[/:-]{ID}(?:\.scope)?(?:/container)?$")
# Engines mount files of the container's folder over these; the folder's name is the container's id.
OWN_FILES = frozenset({"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"})
FOLDER = re.compile(rf"/[a-z-]*containers/{ID}/")


def own_container_id(cgroup: str, mountinfo: str) -> str | None:
    """The id of the container that we run in, by /proc/self/cgroup or /proc/self/mountinfo; None outside one.

    A namespace of its own hides it from the first; a host lists other containers' mounts in the second, where only
    what is mounted over our own /etc counts.
    """
    for line in cgroup.splitlines():
        if own := CGROUP.search(line):
            return own[1]
    for line in mountinfo.splitlines():
        fields = line.split()
        if len(fields) > 4 and fields[4] in OWN_FILES and (folder := FOLDER.search(fields[3])):
            return folder[1]
    return None


def network_to_join(networks: Collection[str]) -> str | None:
    """The network, of those that our container is in, on which a sibling reaches us: one of its own before the bridge.

    None where we share the host's network, so that a sibling is reached by a port on the host's loopback.
    """
    if "host" in networks:
        return None
    if joined := sorted((name == "bridge", name) for name in networks if name != "none"):
        return joined[0][1]
    raise EnvironmentProblem("our own container has no network on which to reach an emulator: start it with one")


def is_leftover(created: str, run: str, *, ours: str, now_s: float, age_s: float) -> bool:
    """True for a container that a killed run left, by its labels; `created` is in seconds since the epoch."""
    try:
        return run != ours and now_s - float(created) > age_s
    except ValueError:
        return False
