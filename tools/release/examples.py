"""What users copy, which names a release by its commit, with the version behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pocketfit.errors import ConfigError

# With the comment that a tag needs, which a commit does not.
USES = re.compile(r"(uses: pocketfit/pocketfit(?:/comment)?)@\S+(?: #.*)?$", re.MULTILINE)
COMMIT = re.compile(r"[0-9a-f]{40}")


def copied(root: Path) -> Iterator[Path]:
    """Each file of a checkout that users copy or that writes what they copy."""
    yield from sorted((root / "examples/workflows").glob("*.yml"))
    yield root / "src/pocketfit/commands/pull-request.yml"


def naming(text: str, version: str, commit: str) -> str:
    """Return a workflow that uses the actions of this release; raises ConfigError for what is no commit."""
    if not COMMIT.fullmatch(commit):
        raise ConfigError(f"{commit!r} is no commit: 40 hexadecimal digits")
    return USES.sub(rf"\1@{commit} # v{version}", text)
