"""What counted calls say of a model's work, what counting costs, and whether work changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median_low

from pocketfit.records import Work
from pocketfit.units import format_count

# A share of a call's instructions or bytes: what its calls and processes may differ by and still be one number.
NOISE = 1e-4
# What an allocator and a Java machine do more or less in another process, however small the model is; and what they do
# from call to call, where memory that is given back later leaves other gaps (docs/work.md).
NOISE_INSTRUCTIONS, NOISE_BYTES = 2_000, 16_000
CALLS_NOISE_INSTRUCTIONS = 5_000
COUNTED_CALLS = 3
# After the first. Of one file the second to fourth call were 5,700 instructions apart, of all later ones 3,700 at most
# (docs/work.md).
SETTLING_CALLS = 8

# Processor seconds by benchmarks/work_counts.py, rounded up: of a process with the runtime, and of a call.
START_S, BILLION_MACS_S = 8.0, 35.0


@dataclass(frozen=True)
class Counts:
    """One call, as the emulator's plugin counted it, or the machine's own core, which knows no bytes."""

    instructions: int
    loaded_bytes: int | None
    stored_bytes: int | None


def work_of(counts: Sequence[Counts], where: Work) -> Work:
    """The medians of counted calls in `where`, which says nothing but where; a reason where they differ too much."""
    if not counts or min(one.instructions for one in counts) <= 0:
        return replace(where, reason="no call was counted")
    instructions = sorted(one.instructions for one in counts)
    middle = median_low(instructions)
    where = replace(where, calls=len(counts), spread=(instructions[-1] - instructions[0]) / middle)
    if instructions[-1] - instructions[0] > _noise(middle, CALLS_NOISE_INSTRUCTIONS):
        ends = f"{format_count(instructions[0])} to {format_count(instructions[-1])}"
        return replace(where, reason=f"its calls differ by {where.spread:.2%}: {ends} instructions".replace("%", " %"))
    return replace(
        where,
        instructions=middle,
        loaded_bytes=_middle([one.loaded_bytes for one in counts]),
        stored_bytes=_middle([one.stored_bytes for one in counts]),
    )


def _middle(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return median_low(known) if len(known) == len(counts) else None


def left_out(runtime: str, *, by_core: bool = False) -> int:
    """The calls after the first that are left out: the second still allocates, and has some thousand instructions more;
    the full runtime optimizes a model during its first two.

    Where the machine's own core counts, a call takes next to nothing, and the allocator has more of them to settle in.
    """
    if by_core:
        return SETTLING_CALLS
    return 2 if runtime == "full" else 1


def estimated_s(macs: int, runtime: str) -> float:
    """The processor seconds that counting a model of so many multiply-accumulates takes, rather too many."""
    return START_S + (1 + left_out(runtime) + COUNTED_CALLS) * macs / 1e9 * BILLION_MACS_S


def too_large(macs: Mapping[str, int], runtime: str, budget_s: float) -> str | None:
    """Say why a model is not counted at all; None where it is, also where nobody knows what it multiplies."""
    needed_s = estimated_s(sum(macs.values()), runtime)
    if needed_s <= budget_s:
        return None
    return (
        f"it is too large: {format_count(sum(macs.values()))} MACs would take {needed_s:,.0f} s of processor time, "
        f"work_budget_s = {budget_s:g}"
    )


def memory_traffic_bytes(work: Work) -> int | None:
    """The bytes that are loaded and stored."""
    if work.loaded_bytes is None or work.stored_bytes is None:
        return None
    return work.loaded_bytes + work.stored_bytes


def incomparable(base: Work | None, head: Work | None) -> str | None:
    """Say why two counts can't be compared; None where they can."""
    for side, work in (("base", base), ("head", head)):
        if work is None:
            return 'work was not counted: it needs [device] also = ["arm64-v8a"]'
        if work.instructions is None:
            return f"{side}'s work was not counted: {work.reason or 'it gave no number'}"
    assert base
    assert head
    places = [f"{work.runtime} on {work.abi}, {core_of(work)}" for work in (base, head)]
    return None if places[0] == places[1] else f"base was counted with {places[0]}, and head with {places[1]}"


def core_of(work: Work) -> str:
    """Name the core, and that it counted itself where no emulator did."""
    return f"{work.cpu} by its own counter" if work.counted_by == "perf_event" else work.cpu or ""


def instructions_changed(base: Work | None, head: Work | None) -> bool:
    """Return whether head executes more or fewer instructions than processes of one file differ by."""
    if base is None or head is None or incomparable(base, head):
        return False
    return _changed(base.instructions, head.instructions, NOISE_INSTRUCTIONS)


def traffic_changed(base: Work | None, head: Work | None) -> bool:
    """Return whether head moves more or fewer bytes than processes of one file differ by."""
    if base is None or head is None or incomparable(base, head):
        return False
    return _changed(memory_traffic_bytes(base), memory_traffic_bytes(head), NOISE_BYTES)


def is_same(base: Work | None, head: Work | None) -> bool:
    """Return whether both were counted, and neither instructions nor bytes changed; not where bytes are not known."""
    if base is None or incomparable(base, head) or memory_traffic_bytes(base) is None:
        return False
    return not instructions_changed(base, head) and not traffic_changed(base, head)


def _changed(base: int | None, head: int | None, least: int) -> bool:
    return base is not None and head is not None and abs(head - base) > _noise(base, least)


def _noise(count: int, least: int) -> float:
    return max(NOISE * count, least)
