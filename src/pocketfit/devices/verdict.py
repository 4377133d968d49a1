"""Turns what the Java program says of artifacts into what became of them on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pocketfit.devices.base import DeviceRun
from pocketfit.devices.executorch import is_unreadable
from pocketfit.devices.program import Result, Timed, to_c_order
from pocketfit.devices.reason import condense
from pocketfit.files import Opened
from pocketfit.records import Load


def judge_result(result: Result, given: Opened, folder: Path, runtime: str) -> DeviceRun:
    """`given` is where the program left its outputs, which are copied to `folder`; `runtime` is "ARTIFACT VERSION"."""
    run = DeviceRun("passed", "", runtime, result.load_ms, result.first_ms, result.peak_rss_bytes)
    if result.error:
        # An input that can't be opened is ours; one of a dtype that Java has no tensors for is the model's.
        ours = result.error.stage == "input" and result.error.type != "IllegalArgumentException"
        ours = ours or is_unreadable(result.error.message)
        reason = condense(result.error, runtime)
        return replace(run, status="infra-error" if ours else "failed", reason=reason)
    try:
        outputs, *later = (
            tuple(to_c_order(output, given, folder) for output in call) for call in (result.outputs, *result.later)
        )
    except (OSError, ValueError, TypeError) as error:
        return replace(run, status="infra-error", reason=f"the program's outputs can't be read: {error}")
    # A kernel that does not tell says so each time.
    held = tuple(held for held in result.held_bytes if held is not None)
    return replace(run, outputs=outputs, later=tuple(later), held_bytes=held)


def judge_times(timing: Timed, results: Sequence[Result], runtime: str) -> Load | str:
    """The times of a load, or why one of its artifacts failed; `results` are in the order of `timing.artifacts()`."""
    failed = next((result.error for result in results if result.error), None)
    return condense(failed, runtime) if failed else timing.load(results)
