"""The size of each Android library in an app, by ABI, from the data that `make sizes` measured on its archive."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files

from pocketfit.records import RuntimeSize

SIZES_FILE = "sizes.json"


def sizes_of(library: str) -> tuple[RuntimeSize, ...]:
    """What an Android library adds to an app, for each ABI that it has; empty for one that nobody has measured.

    It is named "ARTIFACT VERSION", or "TITLE (ARTIFACT VERSION)".
    """
    known = next((name for name in _sizes() if library == name or library.endswith(f" ({name})")), None)
    return tuple(replace(size, library=library) for size in _sizes()[known]) if known else ()


@cache
def _sizes() -> dict[str, tuple[RuntimeSize, ...]]:
    data = json.loads((files("pocketfit.runtimes") / "data" / SIZES_FILE).read_text())
    return {
        library: tuple(
            RuntimeSize(
                library,
                abi,
                sum(one["size_bytes"] for one in libraries.values()),
                sum(one["download_bytes"] for one in libraries.values()),
            )
            for abi, libraries in by_abi.items()
        )
        for library, by_abi in data["libraries"].items()
    }
