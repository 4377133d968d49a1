"""What stands behind a change in speed: operators and multiply-accumulates that came or went. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pocketfit.records import Built
from pocketfit.report.growth import module_name

NAMED = 3


def explain(base: Built, head: Built) -> str | None:
    """ "operators: +2 aten::conv2d; MACs: +31.0 M (features.18 +31.0 M)", or None where neither changed.

    More of them is no proof: the sentence stands beside a measured change, never instead of one.
    """
    parts = []
    if ops := _deltas(base.ops, head.ops):
        parts.append("operators: " + _listed([f"{delta:+,} {name}" for name, delta in ops]))
    before, after = (side.anatomy.macs if side.anatomy else {} for side in (base, head))
    macs = _deltas(before, after) if before and after else []
    if macs:
        named = _listed([f"{module_name(name)} {_count(delta)}" for name, delta in macs])
        parts.append(f"MACs: {_count(sum(after.values()) - sum(before.values()))} ({named})")
    return "; ".join(parts) or None


def _deltas(before: Mapping[str, int], after: Mapping[str, int]) -> list[tuple[str, int]]:
    """What changed, the most first."""
    deltas = {name: after.get(name, 0) - before.get(name, 0) for name in {**before, **after}}
    return sorted(((name, delta) for name, delta in deltas.items() if delta), key=lambda one: (-abs(one[1]), one[0]))


def _listed(words: list[str]) -> str:
    return ", ".join(words[:NAMED]) + (f" and {len(words) - NAMED} more" if len(words) > NAMED else "")


def _count(number: int) -> str:
    """Signed, in the unit that reads best: "+31.0 M"."""
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if abs(number) >= factor:
            return f"{number / factor:+.1f} {unit}"
    return f"{number:+d}"
