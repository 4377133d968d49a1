"""Tells a failure that is the change's own from one that base has as well. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pocketfit.judge.limits import ABOUT_CHANGES, Broken
from pocketfit.records import Built, Failed, Limits, Outcome, Smoke, Snapshot, Variant

# What differs between two runs of one failure: lines of a file that grew, sizes, times, how far off an answer is.
NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")


def ignores_old_failures(base: Snapshot | None, head: Snapshot, variant: Variant) -> bool:
    """Whether a failure that base has too may be left out of the verdict: not where the change set another limit."""
    if base is None:
        return False
    before, after = (side.limits.get(variant.model, Limits()) for side in (base, head))
    return after.old_failures == "ignore" and before == after


def failed_before(base: Outcome | None, head: Failed) -> bool:
    """Whether base could not be built either, for the same reason and limits."""
    return (
        isinstance(base, Failed)
        and same_reason(base.reason, head.reason)
        and set(base.failed_limits) == set(head.failed_limits)
    )


def fails_as_before(
    base: Outcome | None, head: Built, tried: Sequence[tuple[Smoke | None, Smoke]], broken: Sequence[Broken]
) -> bool:
    """Whether what fails of a built head fails of base too: the same file does, another one on the device.

    `tried` are base and head, on the device and on each further ABI. Beside their failures no limit may be broken that
    these do not speak of themselves.
    """
    if not isinstance(base, Built) or any(limit.name in ABOUT_CHANGES for limit in broken):
        return False
    if base.sha256 == head.sha256:
        return True
    failing = [(before, after) for before, after in tried if after.status == "failed"]
    if not failing or any(limit.sentence for limit in broken):
        return False
    return all(
        before is not None and before.status == "failed" and same_reason(before.reason, after.reason)
        for before, after in failing
    )


def same_reason(base: str, head: str) -> bool:
    """Whether two reasons differ in numbers at most."""
    return NUMBER.sub("#", base) == NUMBER.sub("#", head)
