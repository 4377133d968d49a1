"""The size of each Android library in an app, and how aligned it is, by ABI: the data that `make sizes` measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pocketfit.records import RuntimeSize

SIZES_FILE = "sizes.json"


def sizes_of(library: str) -> tuple[RuntimeSize, ...]:
    """What an Android library adds to an app, for each ABI that it has; empty for one that nobody has measured.

    It is named "ARTIFACT VERSION", or "TITLE (ARTIFACT VERSION)".
    """
    return tuple(
        RuntimeSize(
            library,
            abi,
            sum(one["size_bytes"] for one in measured.values()),
            sum(one["download_bytes"] for one in measured.values()),
        )
        for abi, measured in _measured(library).items()
    )


def alignment_bytes(library: str, abi: str) -> int | None:
    """The smallest alignment of its segments: pages may be no larger. None for what nobody has measured."""
    return min((one["alignment_bytes"] for one in _measured(library).get(abi, {}).values()), default=None)


def _measured(library: str) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """What was measured of each file, by ABI and name."""
    known = next((name for name in _libraries() if library == name or library.endswith(f" ({name})")), None)
    return _libraries()[known] if known else {}


@cache
def _libraries() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((files("pocketfit.runtimes") / "data" / SIZES_FILE).read_text())["libraries"]
    return data
