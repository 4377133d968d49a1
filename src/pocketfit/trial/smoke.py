"""One artifact on a device: loaded, run on the golden inputs, and compared with eager."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pocketfit.devices.base import DeviceRun, Running
from pocketfit.files.temporary import temporary_folder
from pocketfit.judge.outputs import Judged, read_outputs
from pocketfit.judge.parity import unseen_as
from pocketfit.judge.sequence import judge_calls
from pocketfit.records import Built, Limits, Parity, Smoke, SmokeInput, TensorFile, Variant

PLAIN_CONVOLUTIONS = frozenset({"aten::conv2d", "aten::_convolution", "aten::convolution"})


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
        # A device is given the golden inputs alone.
        parity=replace(judged.parity, input_sets=None),
    )


def _judge(run: DeviceRun, folder: Path, golden_folder: Path, golden: Golden, limits: Limits, precision: str) -> Judged:
    if run.status != "passed" or not golden[0]:
        return Judged(Parity())
    expected = [read_outputs(call, golden_folder) for call in golden]
    actual = [read_outputs(call, folder) for call in (run.outputs, *run.later)]
    return judge_calls(expected, actual, limits, precision, flat=run.flat)


def explain(tried: Smoke, built: Built) -> Smoke:
    """Name a fault of the library's own that the model may be blamed for, and drop a score that means nothing.

    NNPACK's nnp_conv1x1_only_2x4__psimd stores windows of 4 pixels that overlap where an image has fewer: it hits 1x1
    convolutions that XNNPACK does not take, on x86_64 only (see tests/integration/devices/test_jvm.py).
    """
    tried = replace(tried, parity=unseen_as(built.export.parity, tried.parity))
    wrong = tried.status == "failed" and tried.parity.max_abs_diff is not None
    plain = sorted(PLAIN_CONVOLUTIONS & built.export.ops.keys())
    if not wrong or tried.abi != "x86_64" or not plain:
        return tried
    hint = (
        f" (its {plain[0]} may be to blame: the library's x86_64 kernels compute a plain 1x1 convolution "
        "on an image of under 4 pixels wrongly, a phone's do not)"
    )
    return replace(tried, reason=tried.reason + hint)
