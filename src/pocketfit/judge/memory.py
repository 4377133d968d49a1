"""What the readings of a process's memory say: what a model leaves behind, and whether a peak grew. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from pocketfit.records import InputSpec, Memory, Smoke
from pocketfit.units import format_bytes

# The most loads, runs and releases that a device is asked for, and the number that what is left is told for.
RELOADS = 12
TOLD_FOR = 10
# The first two fill caches of the runtime's and the allocator's; of fewer readings than these nothing can be said.
UNCOUNTED = 2
FEWEST = 6
# Two processes that run one file differ by less: by up to 0.4 MB in 80 on device jvm (docs/memory.md), and by 1.2 MB
# where Java compiles, as a phone does.
PEAK_NOISE_BYTES = 2_000_000
# What a process that leaks nothing kept was 0.12 MB at most in 80 processes, and 2.95 MB in one with Java's compiler.
RETAINED_NOISE_BYTES = 4_000_000
# The share of one load: a device stops early where more than half of what it saw is nearer to nothing than this.
FLAT_BYTES = RETAINED_NOISE_BYTES // TOLD_FOR


def retained_bytes(held_bytes: Sequence[int]) -> int | None:
    """The bytes that ten loads, runs and releases leave, of the memory held after each; None where there are too few.

    It is ten times the median of what each left: a leak is in all of them, while the collector's and compiler's own
    growth comes in few large steps.
    """
    counted = held_bytes[UNCOUNTED:]
    if len(held_bytes) < FEWEST:
        return None
    steps = [after - before for before, after in pairwise(counted)]
    return round(TOLD_FOR * median(steps))


def memory_of(planned_bytes: int | None, tried: Smoke | None) -> Memory:
    """The memory of a file that plans so much and was tried so; one that was not run, or fails, has none measured."""
    if tried is None or tried.status != "passed":
        return Memory(planned_bytes=planned_bytes)
    return Memory(tried.peak_rss_bytes, planned_bytes, retained_bytes(tried.held_bytes))


def leaks(memory: Memory) -> bool:
    """Return whether loads and releases leave more than a process that leaks nothing keeps."""
    return (memory.retained_bytes or 0) > RETAINED_NOISE_BYTES


def peak_grew_bytes(base_bytes: int, head_bytes: int) -> int:
    """By how many bytes the peak grew at least, or shrank if it is negative; 0 where that is within the noise."""
    delta = head_bytes - base_bytes
    if abs(delta) <= PEAK_NOISE_BYTES:
        return 0
    return delta - PEAK_NOISE_BYTES if delta > 0 else delta + PEAK_NOISE_BYTES


def bounds_planned(inputs: Sequence[InputSpec] | str | None, planned_bytes: int | None) -> tuple[str, ...]:
    """Say what the largest lengths of dimensions that may vary cost: memory is planned for them at any length."""
    specs = () if inputs is None or isinstance(inputs, str) else inputs
    largest = {one.name: one.max for spec in specs for one in spec.dimensions if one.min < one.max}
    if planned_bytes is None or not largest:
        return ()
    named = ", ".join(f"{name} = {length}" for name, length in largest.items())
    return (f"plans {format_bytes(planned_bytes)} of memory for {named}, and takes it at any length",)
