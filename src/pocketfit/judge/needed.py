"""Finds the smallest round limit that takes what a row measured, for a growth that somebody accepts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pocketfit.judge.limits import ABOUT_CHANGES
from pocketfit.judge.over import NAME as OVER
from pocketfit.judge.work import memory_traffic_bytes
from pocketfit.records import Growth, Limits, Memory, Row
from pocketfit.units import LARGE_UNITS

# The limits of the configuration that something may grow beyond, by their keys; the others are on what is computed.
# What a limit over commits must be is seen from none of them alone.
ACCEPTABLE = ("size", *(name for name in ABOUT_CHANGES if name != OVER))


@dataclass(frozen=True)
class Needed:
    """The value that a limit must at least have. `unit` is what it is written in: "B", "%" (a ratio), or none."""

    value: Fraction
    unit: str

    @property
    def written(self) -> str | float:
        """The smallest round number from there on, as the configuration has it: "41%", "19.7 MB" or 0.02."""
        match self.unit:
            case "%":
                return f"{_plain(_ceil(self.value * 100, digits=2, coarsest=0))}%"
            case "B":
                size = _ceil(self.value, digits=3, finest=0)
                unit, factor = next((one for one in LARGE_UNITS if size >= one[1]), ("B", 1))
                return f"{_plain(size / factor)} {unit}"
        return float(_ceil(self.value, digits=2))


def needed(limit: str, row: Row, current: Limits) -> Needed | None:
    """Give what the limit of this key must be so that the row is within it; None where no number says so.

    It is written as `current` has it, in percent or in bytes. Of a latency and a peak it is all that was measured, and
    not what is left of it after the noise: the next measurement may say so.
    """
    if limit == "size":
        return Needed(Fraction(row.head.size_bytes), "B") if row.head else None
    if limit == "metric_drop":
        return _drop(row)
    if limit == "latency_growth":
        ratio = row.latency.ratio
        return None if ratio is None else Needed(max(Fraction(0), _exact(ratio) - 1), "%")
    before, after = _numbers(limit, row)
    if before is None or after is None:
        return None
    grew = Fraction(max(0, after - before))
    written = getattr(current, limit)
    if isinstance(written, Growth) and written.size_bytes is not None:
        return Needed(grew, "B")
    # Of nothing no percentage is anything.
    return Needed(grew / before, "%") if before else None


def takes(limit: str, current: Limits, need: Needed) -> bool:
    """Return whether the limit, as it is, is large enough already; a limit that is not set takes all."""
    value = current.size_bytes if limit == "size" else getattr(current, limit)
    if isinstance(value, Growth):
        value = value.ratio if need.unit == "%" else value.size_bytes
    return value is None or _exact(value) >= need.value


def _numbers(limit: str, row: Row) -> tuple[int | None, int | None]:
    """Base's and head's."""
    base, head = row.base, row.head
    if base is None or head is None:
        return None, None
    match limit:
        case "size_growth":
            return base.size_bytes, head.size_bytes
        case "peak_memory_growth" | "planned_memory_growth":
            before, after = (_memory(limit, side.memory) for side in (base, head))
            return before, after
        case "instructions_growth" if base.work and head.work:
            return base.work.instructions, head.work.instructions
        case "memory_traffic_growth" if base.work and head.work:
            return memory_traffic_bytes(base.work), memory_traffic_bytes(head.work)
    return None, None


def _memory(limit: str, memory: Memory) -> int | None:
    return memory.peak_rss_bytes if limit == "peak_memory_growth" else memory.planned_bytes


def _drop(row: Row) -> Needed | None:
    """Against base's value, else against eager's, as the limit has it."""
    metric = row.metric
    if metric is None or metric.head is None:
        return None
    reference = metric.eager if metric.base is None else metric.base
    return None if reference is None else Needed(max(Fraction(0), _exact(reference) - _exact(metric.head)), "")


def _exact(value: float) -> Fraction:
    """The number as it is written, so that 0.07 is seven hundredths."""
    return Fraction(str(value))


def _ceil(value: Fraction, digits: int, *, coarsest: int | None = None, finest: int | None = None) -> Fraction:
    """Round up to so many digits, in steps of at most 10**coarsest and at least 10**finest."""
    if value <= 0:
        return Fraction(0)
    # Where the first digit stands: 0 for ones, 1 for tens.
    first = len(str(value.numerator)) - len(str(value.denominator))
    if Fraction(10) ** first > value:
        first -= 1
    exponent = first - digits + 1
    exponent = exponent if coarsest is None else min(exponent, coarsest)
    exponent = exponent if finest is None else max(exponent, finest)
    step = Fraction(10) ** exponent
    return -(-value // step) * step


def _plain(value: Fraction) -> str:
    """A number of few digits, without an exponent."""
    return format((Decimal(value.numerator) / value.denominator).normalize(), "f")
