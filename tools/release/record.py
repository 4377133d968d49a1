"""What has been done of a release, kept where an interrupted one goes on from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pocketfit.files.written import write_text_atomically


@dataclass(frozen=True)
class Record:
    """`digests` has each image that a registry took, by REPOSITORY/ARCHITECTURE, and each index, by REPOSITORY."""

    version: str
    commit: str
    digests: dict[str, str] = field(default_factory=dict)

    def having(self, name: str, digest: str) -> Record:
        return replace(self, digests={**self.digests, name: digest})


def read_record(path: Path, version: str, commit: str) -> Record:
    """Return what is kept of this release; an empty one where there is nothing, or that of another commit."""
    try:
        found = Record(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Record(version, commit)
    return found if (found.version, found.commit) == (version, commit) else Record(version, commit)


def write_record(path: Path, record: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(path, json.dumps(asdict(record), indent=2) + "\n")
