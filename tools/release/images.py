"""Images: built, pushed, joined for several architectures, and found again, each by its digest."""

from __future__ import annotations

import json
from pathlib import Path

from pocketfit.errors import CommandError, EnvironmentProblem
from pocketfit.process import finish, run
from tools.release.places import DIGEST, KINDS

BUILD_TIMEOUT_S = 3600
PUSH_TIMEOUT_S = 3600
# Of a registry that is there.
ANSWER_TIMEOUT_S = 120


def architecture() -> str:
    """Return that of the machine which builds here, as images name it."""
    return run("docker", "version", "--format", "{{.Server.Arch}}", timeout=60).strip()


def build(kind: str, tag: str, root: Path, *, version: str, commit: str, cpu_torch: bool) -> None:
    """Build an image out of a checkout; `cpu_torch` has it fail where the CPU wheels can't be had."""
    values = [f"VERSION={version}", f"REVISION={commit}"]
    if cpu_torch and kind == "action":
        values.append("REQUIRE_CPU=1")
    words = [word for value in values for word in ("--build-arg", value)]
    file = root / KINDS[kind].dockerfile
    run("docker", "build", "--quiet", "--file", file, "--tag", tag, *words, root, timeout=BUILD_TIMEOUT_S)


def name(image: str, tag: str) -> None:
    """Give an image that is there another name."""
    run("docker", "tag", image, tag, timeout=60)


def push(tag: str) -> str:
    """Push an image and return the digest that the registry has it by; raises EnvironmentProblem where it refuses."""
    try:
        said = run("docker", "push", tag, timeout=PUSH_TIMEOUT_S)
    except CommandError as error:
        raise EnvironmentProblem(_not_pushed(tag, error)) from error
    return _digest_in(said, tag)


def join(target: str, parts: list[str], *, insecure: bool) -> str:
    """Push an index that has an image for each architecture, and return its digest.

    `target` is a tag, `parts` are images by digest in the same repository.
    """
    words = ["--insecure"] if insecure else []
    # What an interrupted one left on this machine.
    finish(["docker", "manifest", "rm", target], timeout=ANSWER_TIMEOUT_S)
    try:
        run("docker", "manifest", "create", *words, target, *parts, timeout=ANSWER_TIMEOUT_S)
        said = run("docker", "manifest", "push", "--purge", *words, target, timeout=ANSWER_TIMEOUT_S)
    except CommandError as error:
        raise EnvironmentProblem(_not_pushed(target, error)) from error
    return _digest_in(said, target)


def has(reference: str, *, insecure: bool) -> bool:
    """Return whether the registry has an image, by digest; where it does not answer, it has not."""
    words = ["--insecure"] if insecure else []
    return finish(["docker", "manifest", "inspect", *words, reference], timeout=ANSWER_TIMEOUT_S).code == 0


def compressed_bytes(reference: str, *, insecure: bool) -> int:
    """Return what fetching an image of one architecture takes."""
    words = ["--insecure"] if insecure else []
    manifest = json.loads(run("docker", "manifest", "inspect", *words, reference, timeout=ANSWER_TIMEOUT_S))
    return int(manifest["config"]["size"]) + sum(int(layer["size"]) for layer in manifest["layers"])


def _digest_in(said: str, tag: str) -> str:
    found = DIGEST.findall(said.strip().splitlines()[-1] if said.strip() else "")
    if not found:
        raise EnvironmentProblem(f"{tag}: docker did not say by which digest the registry has it")
    return str(found[-1])


def _not_pushed(tag: str, error: CommandError) -> str:
    reason = str(error).removeprefix(f"docker exited with {error.code}: ")
    return f"{tag} was not pushed: {reason}. Nothing refers to it yet; the same command again goes on"
