"""What a precision is worth: each file beside that of the same model and format in fp32. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pocketfit.records import Row, SideFacts
from pocketfit.units import format_change

# A gain below this is said in words: whoever asked for another precision expects a quarter or half of the bytes.
SMALL_GAIN = 0.05


def beside_fp32(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows with `fp32_ratio` in the facts of every side that has the variant in fp32, and small gains said."""
    rows = tuple(rows)
    in_fp32 = {(row.model, row.format): row for row in rows if row.precision == "fp32"}
    return tuple(_beside(row, in_fp32) for row in rows)


def _beside(row: Row, in_fp32: Mapping[tuple[str, str], Row]) -> Row:
    fp32 = in_fp32.get((row.model, row.format))
    if fp32 is None or row.precision == "fp32":
        return row
    base, head = _with_ratio(row.base, fp32.base), _with_ratio(row.head, fp32.head)
    said = (_sentence(head, fp32.head, row.precision),) if head and fp32.head else ()
    return replace(row, base=base, head=head, reasons=(*row.reasons, *filter(None, said)))


def _with_ratio(facts: SideFacts | None, fp32: SideFacts | None) -> SideFacts | None:
    return replace(facts, fp32_ratio=facts.size_bytes / fp32.size_bytes) if facts and fp32 else facts


def _sentence(facts: SideFacts, fp32: SideFacts, precision: str) -> str:
    if facts.fp32_ratio is None or facts.fp32_ratio <= 1 - SMALL_GAIN:
        return ""
    if facts.size_bytes == fp32.size_bytes:
        return f"as large as in fp32: {precision} gains nothing here"
    change = format_change(fp32.size_bytes, facts.size_bytes).lstrip("+-")
    if facts.size_bytes > fp32.size_bytes:
        return f"{change} larger than in fp32: {precision} gains nothing here"
    return f"{change} smaller than in fp32: {precision} gains little here"
