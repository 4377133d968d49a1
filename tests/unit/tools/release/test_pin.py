from __future__ import annotations

from pathlib import Path

import pytest

from pocketfit.errors import ConfigError
from tools.release.pin import pinned
from tools.release.places import KINDS, ROOT, major_tag, repository_of

DIGEST = "sha256:" + "0a" * 32
REFERENCE = f"ghcr.io/pocketfit/pocketfit@{DIGEST}"


@pytest.mark.parametrize("kind", KINDS)
def test_our_actions_get_an_image_by_digest_and_change_nothing_else(kind: str) -> None:
    text = (ROOT / KINDS[kind].action).read_text()
    before, after = text.splitlines(), pinned(text, REFERENCE).splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new for _, new in changed] == [f"  image: docker://{REFERENCE}"]
    assert changed[0][0].partition(": ")[2].split()[0].endswith(Path(KINDS[kind].dockerfile).name)


@pytest.mark.parametrize(
    "reference",
    [
        "ghcr.io/a/b:v1",
        "ghcr.io/a/b@sha256:12",
        f"@{DIGEST}",
        f"ghcr.io/a/b@{DIGEST}0",
        f"ghcr.io/a/b@{DIGEST.upper()}",
    ],
)
def test_only_a_digest_is_a_digest(reference: str) -> None:
    with pytest.raises(ConfigError) as caught:
        pinned("runs:\n  image: Dockerfile\n", reference)
    assert str(caught.value) == f"{reference!r} is no image by digest: NAME@sha256: and 64 hexadecimal digits"


def test_a_release_is_made_once() -> None:
    once = pinned("runs:\n  image: Dockerfile\n", REFERENCE)
    with pytest.raises(ConfigError, match="already: a release is made of main, which has a Dockerfile"):
        pinned(once, REFERENCE)


@pytest.mark.parametrize(("text", "lines"), [("runs:\n", 0), ("  image: a\n  image: b\n", 2)])
def test_an_action_with_another_number_of_images(text: str, lines: int) -> None:
    with pytest.raises(ConfigError, match=f"the action has {lines} lines 'image:', where one is to be rewritten"):
        pinned(text, REFERENCE)


def test_names() -> None:
    assert major_tag("12.3.4rc1") == "v12"
    assert [repository_of("ghcr.io/a/b", kind) for kind in KINDS] == ["ghcr.io/a/b", "ghcr.io/a/b-comment"]
