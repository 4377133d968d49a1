"""The notes of a release, out of CHANGELOG.md."""

from __future__ import annotations

import re

from pocketfit.errors import ConfigError


def heading(changelog: str, version: str) -> str | None:
    """Return a version's heading without its signs; None where there is none."""
    found = re.search(rf"^## ({re.escape(version)}(?![\w.]).*)$", changelog, re.MULTILINE)
    return found and found[1].strip()


def notes_of(changelog: str, version: str) -> str:
    """Return what stands below a version's heading, up to the next; raises ConfigError where nothing does."""
    title = heading(changelog, version)
    text = ""
    if title is not None:
        behind = changelog.split(f"## {title}\n", 1)[1]
        text = re.split(r"^## ", behind, maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not text:
        raise ConfigError(f"CHANGELOG.md says nothing of {version}: write what is new below a heading '## {version}'")
    return text + "\n"
