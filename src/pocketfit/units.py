"""Numbers with units: what people write in a configuration, and what they read in a report.

Sizes use SI units (1 kB is 1000 bytes), as phones' app stores do. Nothing here rounds a change away: one byte
more is `+1 B` and `<0.1 %`, never 0.
"""

from __future__ import annotations

import re
from decimal import Decimal

from pocketfit.records import EXACT_SQNR_DB, Growth

# What is less would round to nothing.
LEAST_PERCENT = Decimal("0.1")
# What parse_size and parse_percent take, for who wants to know beforehand.
SIZE = r"\s*\d+(\.\d+)?\s*([kKmMgG]?[bB])?\s*"
PERCENT = r"\s*\d+(\.\d+)?\s*%\s*"
# Of bytes, for reading; the largest first.
LARGE_UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}


def parse_size(text: str) -> int:
    """ "48 MB", "1.5MB", "200 kB" or "1234" (bytes), as bytes. Raises ValueError with a sentence."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text, re.ASCII)
    factor = UNITS.get(match[2].lower() or "b") if match else None
    if match is None or factor is None:
        raise ValueError(
            f'"{text}" is not a size: write a number and B, kB, MB or GB (1 kB is 1000 bytes), as in "48 MB"'
        )
    size = Decimal(match[1]) * factor
    if size != int(size):
        raise ValueError(f'"{text}" is not a whole number of bytes')
    return int(size)


def parse_percent(text: str) -> float:
    """ "1%" or "0.5 %", as a ratio (0.01). Raises ValueError with a sentence."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text, re.ASCII)
    if match is None:
        raise ValueError(f'"{text}" is not a percentage: write a number and %, as in "1%"')
    return float(Decimal(match[1]) / 100)


def parse_growth(text: str) -> Growth:
    """A percentage of base or a size. Raises ValueError with a sentence."""
    if "%" in text:
        return Growth(ratio=parse_percent(text))
    try:
        return Growth(size_bytes=parse_size(text))
    except ValueError as error:
        raise ValueError(f'"{text}" is neither a percentage ("1%") nor a size ("200 kB")') from error


def format_bytes(size: int) -> str:
    """For reading: 46740000 is "46.74 MB". The change beside it is exact."""
    for unit, factor in LARGE_UNITS:
        # From where the smaller unit would round up to 1000.00.
        if abs(size) >= factor - factor // 200_000:
            return f"{Decimal(size) / factor:,.2f} {unit}"
    return f"{size} B"


def format_bytes_pair(before: int, after: int) -> str:
    """Both in the unit of the larger, with three digits of it: "14.0 → 24.4 MB".

    Where that hides a change it is said to the byte, "346 MB +1 B", and one that would be left with no digits has a
    unit of its own.
    """
    smaller, larger = sorted((before, after))
    if smaller * 100 < larger:
        return f"{format_bytes(before)} → {format_bytes(after)}"
    unit, factor = next(
        ((unit, factor) for unit, factor in LARGE_UNITS if larger * 2000 >= factor * 1999),
        ("B", 1),
    )
    decimals = 0
    if factor > 1:
        decimals = next((digits for below, digits in ((9_995, 2), (99_950, 1)) if larger * 1000 < below * factor), 0)
    first, last = (f"{Decimal(size) / factor:,.{decimals}f}" for size in (before, after))
    return f"{last} {unit} {format_bytes_delta(after - before)}" if first == last else f"{first} → {last} {unit}"


def format_bytes_delta(delta: int) -> str:
    """To the byte: "+1,234,567 B"."""
    return f"{delta:+,} B" if delta else "\N{PLUS-MINUS SIGN}0 B"


def format_change(base: float, head: float) -> str:
    """Relative: "+40.1 %". What would round to nothing, or to all, is written as a bound."""
    if head == base:
        return "\N{PLUS-MINUS SIGN}0 %"
    if base == 0:
        return "from 0"
    percent = _percent(base, head)
    if abs(percent) < LEAST_PERCENT:
        return "<0.1 %"
    if head > 0 and percent < Decimal("-99.9"):
        return "< -99.9 %"
    return f"{percent:+,.1f} %"


def format_unsigned_change(base: float, head: float) -> str:
    """The same for a sentence that says in words which way it went, of a `base` that is not 0: "40.1 %"."""
    percent = abs(_percent(base, head))
    return "<0.1 %" if percent < LEAST_PERCENT else f"{percent:,.1f} %"


def _percent(base: float, head: float) -> Decimal:
    return (Decimal(head) - Decimal(base)) / Decimal(base) * 100


def format_fine_change(base: float, head: float) -> str:
    """Relative, of numbers that are exact: with two decimals below 1 %, "+0.34 %"."""
    percent = _percent(base, head)
    return f"{percent:+,.{2 if abs(percent) < 1 else 1}f} %"


def format_count(count: int) -> str:
    """In the unit that reads best: 206003092 is "206.0 M"."""
    factor, unit = _count_unit(count)
    return f"{count / factor:,.1f} {unit}" if unit else f"{count:,}"


def format_counts(base: int, head: int) -> str:
    """Both in the unit of the larger: "206.0 → 341.3 M"."""
    factor, unit = _count_unit(max(base, head))
    return f"{base / factor:,.1f} → {head / factor:,.1f} {unit}" if unit else f"{base:,} → {head:,}"


def _count_unit(count: int) -> tuple[int, str]:
    return next(
        ((factor, unit) for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)) if count >= factor), (1, "")
    )


def format_ratio(ratio: float) -> str:
    """Write a ratio of times after a multiplication sign, with two decimals: 1.33."""
    return f"\N{MULTIPLICATION SIGN}{ratio:.2f}"


def format_ratios(low: float, high: float) -> str:
    """Write an interval of them, whose sign stands once."""
    return f"{format_ratio(low)} to {high:.2f}"


def format_percent(ratio: float) -> str:
    """A limit, as it was written: 0.01 is "1 %"."""
    return f"{(Decimal(str(ratio)) * 100).normalize():f} %"


def format_ms(milliseconds: float) -> str:
    """Three significant digits and "ms": "0.123 ms", "4.21 ms", "24.9 ms", "1,234 ms"."""
    return f"{format_ms_number(milliseconds)} ms"


def format_ms_number(milliseconds: float) -> str:
    for below, digits in ((0.9995, 3), (9.995, 2), (99.95, 1)):
        if milliseconds < below:
            return f"{milliseconds:.{digits}f}"
    return f"{milliseconds:,.0f}"


def format_metric(value: float) -> str:
    """Four decimals below 1, about five digits above: "0.9778", "31.42"."""
    return f"{value:,.{_decimals(value)}f}"


def format_metric_delta(delta: float, value: float) -> str:
    """With the decimals of `value`; what would round to nothing is a bound: "-0.0028", "<0.0001"."""
    if delta == 0:
        return "\N{PLUS-MINUS SIGN}0"
    least = 10 ** -_decimals(value)
    if abs(delta) < least / 2:
        return f"<{least:.{_decimals(value)}f}"
    return f"{delta:+,.{_decimals(value)}f}"


def _decimals(value: float) -> int:
    return next((digits for below, digits in ((1.5, 4), (100, 2), (1000, 1)) if abs(value) < below), 0)


def format_diff(difference: float) -> str:
    """A difference between outputs: "2.9e-6"; 0 is "0"."""
    if difference == 0:
        return "0"
    digits, exponent = f"{difference:.1e}".split("e")
    return f"{digits}e{int(exponent)}"


def format_sqnr(sqnr_db: float) -> str:
    """In dB; the ends of the scale are no ratios, so they are words (see `records.Parity`)."""
    if abs(sqnr_db) >= EXACT_SQNR_DB:
        return "exact" if sqnr_db > 0 else "none, NaN or infinity"
    return f"{sqnr_db:.1f} dB"
