"""action.yml of a release, which names an image by digest where main's names a Dockerfile."""

from __future__ import annotations

import re

from pocketfit.errors import ConfigError
from tools.release.places import DIGEST

IMAGE = re.compile(r"^  image: (\S+)( #.*)?$", re.MULTILINE)


def pinned(action: str, reference: str) -> str:
    """Return an action's text with `reference`, REGISTRY/NAME@sha256:..., for its Dockerfile; raises ConfigError."""
    name, _, digest = reference.partition("@")
    if not name or not DIGEST.fullmatch(digest):
        raise ConfigError(f"{reference!r} is no image by digest: NAME@sha256: and 64 hexadecimal digits")
    images = IMAGE.findall(action)
    if len(images) != 1:
        raise ConfigError(f"the action has {len(images)} lines 'image:', where one is to be rewritten")
    if images[0][0].startswith("docker://"):
        raise ConfigError(f"the action runs {images[0][0]} already: a release is made of main, which has a Dockerfile")
    return IMAGE.sub(f"  image: docker://{reference}", action)
