"""One artifact on a device: loaded, run on the golden inputs, and compared with eager."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pocketfit.devices.base import DeviceRun, Running
from pocketfit.files.temporary import temporary_folder
from pocketfit.judge.faults import plain_convolution
from pocketfit.judge.outputs import Judged, read_outputs
from pocketfit.judge.parity import unjudged_as
from pocketfit.judge.sequence import judge_calls
from pocketfit.progress import Progress, working
from pocketfit.records import Built, Limits, Parity, SideName, Smoke, SmokeInput, TensorFile, Variant

# Eager's outputs as files: of the first call, and of later ones where the model has state.
Golden = tuple[tuple[TensorFile, ...], ...]


def smoke_input(built: Built, folder: Path) -> SmokeInput:
    export = built.export
    return SmokeInput(built.variant.format, folder / built.file, export.inputs, folder, 1 + len(export.later))


def smoke(
    device: Running,
    variant: Variant,
    given: SmokeInput,
    golden: Golden,
    limits: Limits,
) -> Smoke:
    """Run one artifact and compare what it answers with the golden outputs, where there are any: call by call."""
    with temporary_folder("pocketfit-device-") as folder:
        run = device.smoke(given, folder)
        judged = _judge(run, folder, given.folder, golden, limits, variant.precision)
    info = device.info
    return Smoke(
        status="failed" if judged.problem else run.status,
        reason=judged.problem or run.reason,
        device=info.kind,
        abi=info.abi,
        runtime=run.runtime,
        load_ms=run.load_ms,
        first_ms=run.first_ms,
        peak_rss_bytes=run.peak_rss_bytes,
        held_bytes=run.held_bytes,
        emulated_cpu=info.emulated_cpu,
        # A device is given the golden inputs alone.
        parity=replace(judged.parity, input_sets=None),
    )


def _judge(run: DeviceRun, folder: Path, golden_folder: Path, golden: Golden, limits: Limits, precision: str) -> Judged:
    if run.status != "passed" or not golden[0]:
        return Judged(Parity())
    expected = [read_outputs(call, golden_folder) for call in golden]
    actual = [read_outputs(call, folder) for call in (run.outputs, *run.later)]
    return judge_calls(expected, actual, limits, precision, flat=run.flat)


def try_one(
    device: Running, side: SideName, built: Built, folder: Path, limits: Limits, of: int, *, reloads: int = 0
) -> Smoke:
    """Try what a side built, whose files are in `folder`, as one of `of` files: what becomes of it is shown."""
    info = device.info
    kind = f"{info.kind} {info.abi}" if info.emulated_cpu else info.kind
    with working(Progress("try", side, str(built.variant), f"loading and running on {kind}", of=of)) as work:
        given = replace(smoke_input(built, folder), reloads=reloads)
        tried = smoke(device, built.variant, given, (built.export.outputs, *built.export.later), limits)
        what = f"{tried.status} on {kind}" + (f": {tried.reason}" if tried.reason else "")
        work.end(what, failed=tried.status in ("failed", "infra-error"))
    return explain(tried, built)


def explain(tried: Smoke, built: Built) -> Smoke:
    """Name a fault of the library's own that the model may be blamed for, and drop a score that means nothing."""
    tried = replace(tried, parity=unjudged_as(built.export.parity, tried.parity))
    operator = plain_convolution(tried, built.export.ops)
    if operator is None:
        return tried
    hint = (
        f" (its {operator} may be to blame: the library's x86_64 kernels compute a plain 1x1 convolution "
        "on an image of under 4 pixels wrongly, a phone's do not)"
    )
    return replace(tried, reason=tried.reason + hint)
