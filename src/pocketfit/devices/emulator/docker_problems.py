"""Explains Docker's errors, each with the next step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from pocketfit.errors import EnvironmentProblem

SOCKET = "/var/run/docker.sock"
KVM = "/dev/kvm"
OUT_OF_MEMORY = "ran out of memory and was killed"
# Docker may miss the kernel's word of it: on cgroup v1 it comes by an event of its own, after which nothing waits.
KILLED_CODE = 137
KILLED = f"ended with exit code {KILLED_CODE} (killed: memory ran out, or somebody stopped it)"
# For GitHub's hosted runners, verbatim from android-emulator-runner's documentation.
UDEV_RULE = (
    """echo 'KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"' """
    "| sudo tee /etc/udev/rules.d/99-kvm4all.rules && "
    "sudo udevadm control --reload-rules && sudo udevadm trigger --name-match=kvm"
)
NO_KVM = (
    f"the machine that Docker runs on has no usable {KVM}: on a hosted Linux runner run `{UDEV_RULE}` in a step "
    "before Pocketfit's, elsewhere use a machine with KVM, or --device jvm"
)


def explain_no_answer(where: str, error: str) -> str:
    """Explain a daemon that could not be asked for its version."""
    if "FileNotFoundError" in error:
        return (
            f"there is no Docker at {where}: start Docker, pass its socket into this container "
            f"(docker run --volume {SOCKET}:{SOCKET}), or use --device jvm"
        )
    if "PermissionError" in error:
        return f"this user may not use Docker at {where}: add the user to the group docker, or run as root"
    if "ConnectionRefusedError" in error:
        return f"nothing listens at {where}: start Docker, or use --device jvm"
    return f"what answers at {where} is not Docker: set DOCKER_HOST to Docker's socket, or use --device jvm ({error})"


def explain_elsewhere(where: str) -> str | None:
    """Say why an emulator that this daemon starts can't be reached from here; None if it can."""
    if urlsplit(where).hostname in (None, "localhost", "127.0.0.1", "::1"):
        return None
    return f"DOCKER_HOST is {where}, and an emulator there can't be reached: use a local Docker, or --device jvm"


def explain_pull(image: str, error: str) -> str:
    """Explain an image that could not be pulled."""
    low = error.lower()
    if "toomanyrequests" in low or "rate limit" in low:
        step = "log in to the registry before Pocketfit's step (docker login), or use a mirror with --emulator-image"
    elif "denied" in low or "unauthorized" in low or "authentication" in low:
        step = "check its name, and log in to the registry before Pocketfit's step (docker login) if it is private"
    elif "not found" in low or "manifest unknown" in low or "invalid reference" in low:
        step = "check its name and tag, or name another with --emulator-image"
    elif "no space" in low:
        step = "make room on the machine that Docker runs on"
    else:
        step = "check that Docker reaches the registry, and try again"
    return f"the emulator's image {image} could not be pulled ({error}): {step}"


def explain_start(image: str, error: str) -> str:
    """Explain a container that could not be created or started."""
    if KVM in error:
        return NO_KVM
    return f"Docker could not start a container from {image}: {error}"


@contextlib.contextmanager
def asking(question: str) -> Iterator[None]:
    """Turn what the SDK raises for a question into an EnvironmentProblem that names the question."""
    from docker.errors import DockerException

    try:
        yield
    except (DockerException, OSError) as error:
        raise EnvironmentProblem(f"Docker failed when asked {question}: {in_short(error)}") from error


def in_short(error: Exception) -> str:
    """Docker's own words, without the address of the request."""
    words = str(getattr(error, "explanation", None) or error).strip()
    return words.splitlines()[0] if words else type(error).__name__
