"""What a release is made of, by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Kind:
    """One of the images: the file that it is built from, the action that runs it, and what its name has at its end."""

    dockerfile: str
    action: str
    suffix: str


KINDS = {
    "action": Kind("Dockerfile", "action.yml", ""),
    "comment": Kind("Dockerfile.comment", "comment/action.yml", "-comment"),
}


def tag_of(version: str) -> str:
    return f"v{version}"


def major_tag(version: str) -> str:
    return f"v{version.partition('.')[0]}"


def repository_of(registry: str, kind: str) -> str:
    """Return where a kind of image is pushed to, below REGISTRY/NAME."""
    return registry + KINDS[kind].suffix
