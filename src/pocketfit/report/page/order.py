"""Says under which status a row is found, and by which numbers rows are sorted. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from pocketfit.records import Row

# In the order of the list that people choose from.
KINDS = {
    "failed": "failed",
    "changed": "changed",
    "new": "new",
    "removed": "removed",
    "skipped": "skipped",
    "failed-before": "failed before too",
    "identical": "identical",
}


@dataclass(frozen=True)
class Keys:
    """What the page's script sorts by, largest first; empty where a row has no such number, which comes last.

    `size` is head's in bytes, `growth` and `latency` are ratios of head to base.
    """

    size: str
    growth: str
    latency: str


def kind(row: Row) -> str:
    """One of KINDS."""
    if row.status == "failed":
        return "failed-before" if row.failed_before else "failed"
    return "changed" if row.status == "compared" else row.status


def kinds(rows: Iterable[Row]) -> tuple[tuple[str, str, int], ...]:
    """The kinds that there are: each by its name, in words, and how many rows it has."""
    found = [kind(row) for row in rows]
    return tuple((name, words, found.count(name)) for name, words in KINDS.items() if name in found)


def keys(row: Row) -> Keys:
    before, after = row.base.size_bytes if row.base else None, row.head.size_bytes if row.head else None
    growth = after / before if after is not None and before else None
    ratio = row.latency.ratio if row.latency.verdict in ("same", "slower", "faster") else None
    return Keys("" if after is None else str(after), _ratio(growth), _ratio(ratio))


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None or not math.isfinite(ratio) else f"{ratio:.6g}"
