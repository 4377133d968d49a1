"""Finds whose cause is known and stays: known.toml lists them, each with its cause. All others are news."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

FILE = Path(__file__).parent / "known.toml"


@dataclass(frozen=True)
class Known:
    """A find is this one where its class is `kind`, its NAME/FORMAT/PRECISION fits `of`, and its text has `says`."""

    kind: str
    of: str
    says: str
    cause: str


def read_known(file: Path = FILE) -> tuple[Known, ...]:
    return tuple(Known(**table) for table in tomllib.loads(file.read_text()).get("known", []))


def cause_of(kind: str, where: str, why: str, known: tuple[Known, ...]) -> str | None:
    """Why this find is no news, or None."""
    fitting = (
        one.cause for one in known if one.kind == kind and fnmatchcase(where, one.of) and re.search(one.says, why)
    )
    return next(fitting, None)
