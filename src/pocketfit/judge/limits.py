"""Finds the limits of the configuration that a variant is beyond. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pocketfit.judge.memory import PEAK_NOISE_BYTES, peak_grew_bytes
from pocketfit.judge.parity import disagreements, meaningless
from pocketfit.judge.work import incomparable, instructions_changed, memory_traffic_bytes, traffic_changed
from pocketfit.records import UNJUDGED, Built, Failed, Growth, Latency, Limits, Memory, Outcome, Smoke, Work
from pocketfit.units import (
    format_bytes,
    format_bytes_delta,
    format_change,
    format_fine_change,
    format_percent,
    format_ratio,
)

SIDES = ("base", "head")
# Base's and head's; None where it was not asked for.
Works = tuple[Work | None, Work | None]
WORK_LIMITS = ("instructions_growth", "memory_traffic_growth")
# On the file alone.
SIZE_LIMITS = ("size", "size_growth", "size_growth_over")
# What is beyond one of these changed, also where the files are the same: a metric is code of its own.
ABOUT_CHANGES = (
    "size_growth",
    "size_growth_over",
    "latency_growth",
    "metric_drop",
    "peak_memory_growth",
    "planned_memory_growth",
    *WORK_LIMITS,
)


@dataclass(frozen=True)
class Broken:
    """A limit by its key in the configuration, and a sentence with both numbers ("" where another reason says it)."""

    name: str
    sentence: str


def broken_limits(
    limits: Limits,
    base: Built | None,
    head: Built,
    smokes: Sequence[Smoke],
    latency: Latency,
    memory: tuple[Memory, Memory],
    work: Works = (None, None),
) -> tuple[Broken, ...]:
    """`base` is None where there is nothing to grow from; `memory` and `work` are of both, `smokes` of head.

    A value that is exactly at its limit is within it.
    """
    return (
        *_size(limits, base, head),
        *_memory(limits, *memory),
        *_work(limits, *work),
        *_latency(limits, latency),
        *_parity(limits, head, smokes),
        *_metric(limits, base, head),
    )


def unjudged_limits(
    limits: Limits,
    base: Outcome | None,
    head: Built,
    latency: Latency,
    memory: tuple[Memory, Memory],
    work: Works = (None, None),
) -> tuple[str, ...]:
    """A sentence for each limit that nobody could look at: it must not pass for one that holds."""
    return (*_without_score(limits, head), *_without_base(limits, base, head, latency, memory, work))


def _without_score(limits: Limits, head: Built) -> Iterator[str]:
    if limits.min_sqnr_db is not None and (why := meaningless(head.export.parity)):
        yield unjudged("min_sqnr_db", f"the output {why}")


def _without_base(
    limits: Limits,
    base: Outcome | None,
    head: Built,
    latency: Latency,
    memory: tuple[Memory, Memory],
    work: Works,
) -> tuple[str, ...]:
    """The same for the limits against base; a variant that base never had has nothing that could be looked at."""
    against_base = {
        "size_growth": limits.size_growth is not None,
        "latency_growth": limits.latency_growth is not None,
        "metric_drop": limits.metric_drop is not None,
        "peak_memory_growth": limits.peak_memory_growth is not None,
        # A file that plans no memory has none that could grow.
        "planned_memory_growth": limits.planned_memory_growth is not None and memory[1].planned_bytes is not None,
        "instructions_growth": limits.instructions_growth is not None,
        "memory_traffic_growth": limits.memory_traffic_growth is not None,
    }
    wanted = [name for name, is_set in against_base.items() if is_set]
    if isinstance(base, Failed):
        return tuple(unjudged(name, "base could not be built") for name in wanted)
    if not isinstance(base, Built) or base.sha256 == head.sha256:
        return ()
    found = []
    if "latency_growth" in wanted and latency.verdict == "not-measured":
        found.append(unjudged("latency_growth", latency.reason or "the latency was not measured"))
    if "metric_drop" in wanted and base.export.metric and base.export.metric.value is None:
        found.append(unjudged("metric_drop", "base's metric has no value, so it was compared with eager"))
    if "peak_memory_growth" in wanted and (side := _side_without("peak_rss_bytes", memory)):
        found.append(unjudged("peak_memory_growth", f"{side} gave no peak on a device"))
    if "planned_memory_growth" in wanted and (side := _side_without("planned_bytes", memory)):
        found.append(unjudged("planned_memory_growth", f"{side}'s planned memory was not noted down"))
    if cause := incomparable(*work):
        found += [unjudged(name, cause) for name in wanted if name in WORK_LIMITS]
    elif "memory_traffic_growth" in wanted and work[1] and work[1].counted_by == "perf_event":
        found.append(unjudged("memory_traffic_growth", "a core's own counter knows instructions alone"))
    return tuple(found)


def _side_without(name: str, memory: tuple[Memory, Memory]) -> str | None:
    """The first side that a number is missing of."""
    return next((side for side, one in zip(SIDES, memory, strict=True) if getattr(one, name) is None), None)


def unjudged(name: str, cause: str) -> str:
    """Write the reason of a limit that nobody could look at."""
    return f"{name}{UNJUDGED}{cause}"


def _size(limits: Limits, base: Built | None, head: Built) -> Iterator[Broken]:
    if limits.size_bytes is not None and head.size_bytes > limits.size_bytes:
        yield Broken("size", f"the file is {head.size_bytes:,} B, the limit is {limits.size_bytes:,} B")
    if base is None or limits.size_growth is None:
        return
    delta = head.size_bytes - base.size_bytes
    if allowed := exceeded(limits.size_growth, base.size_bytes, delta):
        grew = f"{delta:,} B ({format_change(base.size_bytes, head.size_bytes)})"
        yield Broken("size_growth", f"the file grew by {grew}, the limit is {allowed}")


def _memory(limits: Limits, base: Memory, head: Memory) -> Iterator[Broken]:
    if base.planned_bytes is not None and head.planned_bytes is not None:
        yield from _planned(limits.planned_memory_growth, base.planned_bytes, head.planned_bytes)
    if base.peak_rss_bytes is not None and head.peak_rss_bytes is not None:
        yield from _peak(limits.peak_memory_growth, base.peak_rss_bytes, head.peak_rss_bytes)


def _planned(limit: Growth | None, base_bytes: int, head_bytes: int) -> Iterator[Broken]:
    grew_bytes = head_bytes - base_bytes
    if limit and (allowed := exceeded(limit, base_bytes, grew_bytes)):
        grew = f"{grew_bytes:,} B ({format_change(base_bytes, head_bytes)})" if base_bytes else f"{grew_bytes:,} B"
        yield Broken("planned_memory_growth", f"the planned memory grew by {grew}, the limit is {allowed}")


def _peak(limit: Growth | None, base_bytes: int, head_bytes: int) -> Iterator[Broken]:
    # The low end, as of a latency: a limit fails a build only where the measurement can tell.
    if limit and (allowed := exceeded(limit, base_bytes, peak_grew_bytes(base_bytes, head_bytes))):
        grew = f"{format_bytes(head_bytes - base_bytes)} ({format_change(base_bytes, head_bytes)})"
        yield Broken(
            "peak_memory_growth",
            f"the peak memory of the process grew by {grew}, of which {format_bytes(PEAK_NOISE_BYTES)} may be noise; "
            f"the limit is {allowed}",
        )


def exceeded(growth: Growth, base: int, delta: int) -> str | None:
    """The limit that `delta` is beyond, as it was written. Decimal: 7 % of 100 bytes is 7, not 7.000000000000001."""
    if growth.ratio is not None and delta > Decimal(str(growth.ratio)) * base:
        return f"+{format_percent(growth.ratio)}"
    if growth.size_bytes is not None and delta > growth.size_bytes:
        return format_bytes_delta(growth.size_bytes)
    return None


def _work(limits: Limits, base: Work | None, head: Work | None) -> Iterator[Broken]:
    """What is within the noise did not grow, so that a limit of 0 % can be kept."""
    if base is None or head is None:
        return
    if instructions_changed(base, head):
        numbers = base.instructions, head.instructions
        yield from _grew("instructions_growth", limits.instructions_growth, numbers, "executes {} instructions", head)
    if traffic_changed(base, head):
        moved = memory_traffic_bytes(base), memory_traffic_bytes(head)
        yield from _grew("memory_traffic_growth", limits.memory_traffic_growth, moved, "loads and stores {} B", head)


def _grew(
    name: str, limit: float | None, numbers: tuple[int | None, int | None], does: str, head: Work
) -> Iterator[Broken]:
    before, after = numbers
    if limit is None or before is None or after is None:
        return
    if allowed := exceeded(Growth(ratio=limit), before, after - before):
        done = does.format(f"{before:,} \N{RIGHTWARDS ARROW} {after:,}")
        change = format_fine_change(before, after)
        yield Broken(name, f"a forward on {head.abi} {done} ({change}), the limit is {allowed}")


def _latency(limits: Limits, latency: Latency) -> Iterator[Broken]:
    allowed = limits.latency_growth
    if allowed is None or latency.verdict != "slower" or latency.ratio is None or latency.ci_low is None:
        return
    # The low end, not the middle: a limit fails a build only where the measurement can tell.
    if latency.ci_low > 1 + allowed:
        slower = f"{format_ratio(latency.ratio)} as long, at least {format_ratio(latency.ci_low)}"
        where = f" on {latency.device}" if latency.device else ""
        yield Broken("latency_growth", f"a run{where} takes {slower}; the limit is +{format_percent(allowed)}")


def _metric(limits: Limits, base: Built | None, head: Built) -> Iterator[Broken]:
    """Against base's file of the same variant where that has a value, else against head's own model in eager mode."""
    if limits.metric_drop is None or head.export.metric is None:
        return
    value, before = head.export.metric.value, base.export.metric.value if base and base.export.metric else None
    reference, name = (head.export.metric.eager, "eager") if before is None else (before, "base")
    if value is None or reference is None or not math.isfinite(value) or not math.isfinite(reference):
        # A limit that nobody could look at must not pass for one that holds.
        yield Broken("metric_drop", "the metric has no value, so nobody knows whether it dropped")
    elif Decimal(str(reference)) - Decimal(str(value)) > Decimal(str(limits.metric_drop)):
        drop = f"from {reference:.6g} ({name}) to {value:.6g}"
        yield Broken("metric_drop", f"the metric drops {drop}, the limit is a drop of {limits.metric_drop:g}")


def _parity(limits: Limits, head: Built, smokes: Sequence[Smoke]) -> Iterator[Broken]:
    """On the host and on the device; a failed smoke has said the latter in its reason already."""
    precision = head.variant.precision
    for broken in disagreements(head.export.parity, limits, precision):
        yield Broken(broken.limit, f"on the host, {broken.sentence}")
    for smoke in smokes:
        for disagreement in disagreements(smoke.parity, limits, precision):
            already_said = smoke.status == "failed"
            yield Broken(disagreement.limit, "" if already_said else f"on {smoke.where}, {disagreement.sentence}")
