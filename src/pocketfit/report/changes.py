"""Sentences about what changed: which modules grew, what may have made it slower, what a precision is worth. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pocketfit.records import Built, Row, SideFacts
from pocketfit.units import format_bytes, format_unsigned_change

NAMED = 3
# Of the whole change: what is less is noise in a sentence.
SMALLEST_SHARE = 0.05
# A gain below this is said in words: whoever asked for another precision expects a quarter or half of the bytes.
SMALL_GAIN = 0.05


def grew_most(base: Mapping[str, int], head: Mapping[str, int]) -> str | None:
    """Name the modules whose bytes changed most, or None where none did: "grew most: features.18 (+1.20 MB)"."""
    deltas = deltas_of(base, head)
    if not deltas:
        return None
    whole = sum(abs(delta) for _, delta in deltas)
    most = deltas[:NAMED]
    named = [(name, delta) for name, delta in most if abs(delta) >= SMALLEST_SHARE * whole] or most[:1]
    total = sum(delta for _, delta in deltas)
    same_way = all(delta * total > 0 for _, delta in named)
    verb = ("grew" if total > 0 else "shrank") if same_way else "changed"
    return f"{verb} most: " + ", ".join(f"{module_name(name)} ({signed_bytes(delta)})" for name, delta in named)


def deltas_of(before: Mapping[str, int], after: Mapping[str, int]) -> list[tuple[str, int]]:
    """List what changed and by how much, the most first."""
    deltas = {name: after.get(name, 0) - before.get(name, 0) for name in {**before, **after}}
    return sorted(((name, delta) for name, delta in deltas.items() if delta), key=lambda pair: (-abs(pair[1]), pair[0]))


def module_name(name: str) -> str:
    """Parameters of the model itself have no module's name."""
    return name or "the model's own"


def signed_bytes(delta: int) -> str:
    return ("+" if delta > 0 else "-" if delta < 0 else "\N{PLUS-MINUS SIGN}") + format_bytes(abs(delta))


def explain(base: Built, head: Built) -> str | None:
    """Name operators and multiply-accumulates that came or went, or None where neither changed.

    "operators: +2 aten::conv2d; MACs: +31.0 M (features.18 +31.0 M)". More of them is no proof: the sentence stands
    beside a measured change, never instead of one.
    """
    parts = []
    if ops := deltas_of(base.export.ops, head.export.ops):
        parts.append("operators: " + _listed([f"{delta:+,} {name}" for name, delta in ops]))
    before, after = (side.export.anatomy.macs if side.export.anatomy else {} for side in (base, head))
    macs = deltas_of(before, after) if before and after else []
    if macs:
        named = _listed([f"{module_name(name)} {_count(delta)}" for name, delta in macs])
        parts.append(f"MACs: {_count(sum(after.values()) - sum(before.values()))} ({named})")
    return "; ".join(parts) or None


def is_background(reason: str) -> bool:
    """Return whether a reason only explains a number: a reviewer first needs which one is beyond its limit."""
    return reason.startswith(("slower, with ", "faster, with ", "XNNPACK takes "))


def beside_fp32(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Set `fp32_ratio` of both sides of every row that has an fp32 row beside it; a small gain is a reason."""
    rows = tuple(rows)
    in_fp32 = {(row.model, row.format): row for row in rows if row.precision == "fp32"}
    return tuple(_beside(row, in_fp32) for row in rows)


def _beside(row: Row, in_fp32: Mapping[tuple[str, str], Row]) -> Row:
    fp32 = in_fp32.get((row.model, row.format))
    if fp32 is None or row.precision == "fp32":
        return row
    base, head = _with_ratio(row.base, fp32.base), _with_ratio(row.head, fp32.head)
    sentence = _small_gain(head, fp32.head, row.precision) if head and fp32.head else None
    return replace(row, base=base, head=head, reasons=(*row.reasons, sentence) if sentence else row.reasons)


def _with_ratio(facts: SideFacts | None, fp32: SideFacts | None) -> SideFacts | None:
    return replace(facts, fp32_ratio=facts.size_bytes / fp32.size_bytes) if facts and fp32 else facts


def _small_gain(facts: SideFacts, fp32: SideFacts, precision: str) -> str | None:
    if facts.fp32_ratio is None or facts.fp32_ratio <= 1 - SMALL_GAIN:
        return None
    if facts.size_bytes == fp32.size_bytes:
        return f"as large as in fp32: {precision} gains nothing here"
    change = format_unsigned_change(fp32.size_bytes, facts.size_bytes)
    if facts.size_bytes > fp32.size_bytes:
        return f"{change} larger than in fp32: {precision} gains nothing here"
    return f"{change} smaller than in fp32: {precision} gains little here"


def _listed(words: list[str]) -> str:
    return ", ".join(words[:NAMED]) + (f" and {len(words) - NAMED} more" if len(words) > NAMED else "")


def _count(number: int) -> str:
    """Signed, in the unit that reads best: "+31.0 M"."""
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if abs(number) >= factor:
            return f"{number / factor:+.1f} {unit}"
    return f"{number:+d}"
