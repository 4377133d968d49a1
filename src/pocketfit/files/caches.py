"""Where a user's caches are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def own_caches(environ: Mapping[str, str]) -> Path:
    """$XDG_CACHE_HOME/pocketfit, or ~/.cache/pocketfit; raises RuntimeError where nobody knows a home."""
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pocketfit"
