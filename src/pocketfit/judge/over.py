"""The limit on growth over many commits, which changes that are small one by one pass together. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pocketfit.judge.limits import Broken, exceeded, unjudged
from pocketfit.records import Built, GrowthOver, History, Outcome, Variant
from pocketfit.units import format_change

NAME = "size_growth_over"


def earlier_sizes(history: History, variant: Variant, head: str | None, last: int) -> list[tuple[str, int]]:
    """Give the variant's size at those of the last commits that have it, each with the commit; `head` is not among."""
    entries = [entry for entry in history.entries if entry.commit != head][-last:]
    return [(entry.commit, one.size_bytes) for entry in entries for one in entry.variants if one.variant == variant]


def broken_over(
    limit: GrowthOver | None, base: Outcome | None, head: Built, history: History | None, commit: str | None
) -> Iterator[Broken]:
    """Compare head, whose commit this is, with the smallest that it was.

    Only a change that makes the file larger can break it: others are not to blame for what came before.
    """
    if limit is None or history is None or not _grew(base, head):
        return
    known = earlier_sizes(history, head.variant, commit, limit.last)
    if not known:
        return
    where, least = min(known, key=lambda one: one[1])
    delta = head.size_bytes - least
    if allowed := exceeded(limit.growth, least, delta):
        grew = f"{delta:,} B ({format_change(least, head.size_bytes)})"
        of = (
            "the last commit that has it"
            if len(known) == 1
            else f"the smallest of the last {len(known)} commits that have it"
        )
        yield Broken(NAME, f"the file grew by {grew} since {where[:9]}, {of}; the limit is {allowed}")


def unjudged_over(
    limit: GrowthOver | None, base: Outcome | None, head: Built, history: History | None
) -> Iterator[str]:
    """Say where nobody could look at it; a history that does not have the variant yet is not that."""
    if limit is None or not _grew(base, head):
        return
    if history is None:
        yield unjudged(NAME, "there is no history (--history)")
    elif not history.entries and history.problems:
        yield unjudged(NAME, "the history can't be read")


def _grew(base: Outcome | None, head: Built) -> bool:
    return not isinstance(base, Built) or head.size_bytes > base.size_bytes
