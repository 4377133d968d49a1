"""Which modules made a model grow. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pocketfit.units import format_bytes

NAMED = 3
# Of the whole change: what is less is noise in a sentence.
SMALLEST_SHARE = 0.05


def grew_most(base: Mapping[str, int], head: Mapping[str, int]) -> str | None:
    """The modules whose bytes changed most, or None where none did: "grew most: features.18 (+1.20 MB)"."""
    deltas = {name: head.get(name, 0) - base.get(name, 0) for name in {**head, **base}}
    whole = sum(abs(delta) for delta in deltas.values())
    if not whole:
        return None
    most = sorted(deltas.items(), key=lambda one: (-abs(one[1]), one[0]))[:NAMED]
    named = [(name, delta) for name, delta in most if abs(delta) >= SMALLEST_SHARE * whole] or most[:1]
    verb = "grew" if all(delta > 0 for _, delta in named) else "shrank" if all(d < 0 for _, d in named) else "changed"
    return f"{verb} most: " + ", ".join(f"{module_name(name)} ({signed_bytes(delta)})" for name, delta in named)


def module_name(name: str) -> str:
    """Parameters of the model itself have no module's name."""
    return name or "the model's own"


def signed_bytes(delta: int) -> str:
    return ("+" if delta > 0 else "-" if delta < 0 else "\N{PLUS-MINUS SIGN}") + format_bytes(abs(delta))
