"""Reads what is said of each kind of reason, by its ID: entries.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PAGE = "https://github.com/pocketfit/pocketfit/blob/main/docs/troubleshooting.md"


@dataclass(frozen=True)
class Entry:
    """One kind: what is seen, a reason of that kind as a report has it, what that means, and what to do, in steps."""

    id: str
    symptom: str
    example: str
    meaning: str
    steps: tuple[str, ...]


@cache
def entries() -> Mapping[str, Entry]:
    """Give every entry by its ID, in the page's order."""
    tables = tomllib.loads(Path(__file__).with_name("entries.toml").read_text("utf-8"))
    return {id: Entry(id, **table | {"steps": tuple(table["steps"])}) for id, table in tables.items()}


def address(id: str) -> str:
    """The address of an entry on the page."""
    return f"{PAGE}#{id}"
