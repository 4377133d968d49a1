"""What a history says of one variant: its numbers by commit, and since when none was as large. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pocketfit.records import History, HistoryEntry, HistoryVariant, Variant
from pocketfit.text import clean

# From the least to the most.
BARS = "▁▂▃▄▅▆▇█"
# Of the largest number: what differs by less looks the same.
FLAT = 1e-4
SHORT_SHA = 9
NO_NUMBER = " "


@dataclass(frozen=True)
class VariantTrend:
    """One variant over the entries of a history, aligned with them; None where an entry does not have it."""

    variant: Variant
    at: tuple[HistoryVariant | None, ...]

    @property
    def sizes(self) -> tuple[int | None, ...]:
        return tuple(None if one is None else one.size_bytes for one in self.at)


def trends(history: History) -> tuple[VariantTrend, ...]:
    """Give each variant that the history knows, those of the newest entry first and in its order."""
    by_variant = [{one.variant: one for one in entry.variants} for entry in history.entries]
    known = dict.fromkeys(variant for entry in reversed(by_variant) for variant in entry)
    return tuple(VariantTrend(variant, tuple(entry.get(variant) for entry in by_variant)) for variant in known)


def spark(numbers: Sequence[float | None]) -> str:
    """Draw numbers as bars, a character each: the least is the lowest, and all are in the middle where none differs."""
    known = [number for number in numbers if number is not None]
    if not known:
        return NO_NUMBER * len(numbers)
    least, most = min(known), max(known)
    return "".join(NO_NUMBER if number is None else BARS[_height(number, least, most)] for number in numbers)


def _height(number: float, least: float, most: float) -> int:
    if is_flat(least, most):
        return len(BARS) // 2 - 1
    return round((number - least) / (most - least) * (len(BARS) - 1))


def is_flat(least: float, most: float) -> bool:
    """Say whether numbers from `least` to `most` look the same."""
    return most - least <= FLAT * abs(most)


def place(entry: HistoryEntry) -> str:
    """Name a commit and its day: "27d5ce7f1 (2026-11-26)"."""
    return named(entry.commit, entry.date)


def named(commit: str, date: str) -> str:
    return f"{clean(commit, 80)[:SHORT_SHA]} ({clean(date, 80)[:10]})"
