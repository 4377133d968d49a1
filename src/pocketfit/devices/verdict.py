"""From what the Java program says of an artifact to what became of it on the device."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pocketfit.devices.base import DeviceRun
from pocketfit.devices.program import Result, to_c_order
from pocketfit.devices.reason import condense


def judge_result(result: Result, folder: Path, runtime: str) -> DeviceRun:
    """`folder` holds the outputs; `runtime` is "ARTIFACT VERSION"."""
    run = DeviceRun("passed", "", runtime, result.load_ms, result.first_ms, result.peak_rss_bytes)
    if result.error:
        # An input that can't be opened is ours; one of a dtype that Java has no tensors for is the model's.
        ours = result.error.stage == "input" and result.error.type != "IllegalArgumentException"
        reason = condense(result.error, runtime)
        return replace(run, status="infra-error" if ours else "failed", reason=reason)
    try:
        outputs = tuple(to_c_order(output, folder) for output in result.outputs)
    except (OSError, ValueError, TypeError) as error:
        return replace(run, status="infra-error", reason=f"the program's outputs can't be read: {error}")
    return replace(run, outputs=outputs)
