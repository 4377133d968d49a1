"""Both sides on a device: every artifact is loaded, run and compared with eager; changed ones are timed in turn."""

from __future__ import annotations

import logging
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from pocketfit.devices.base import Device, DeviceRun
from pocketfit.judge.outputs import Judged, judge, read_outputs
from pocketfit.records import (
    Built,
    DeviceInfo,
    Limits,
    Parity,
    SideName,
    Smoke,
    SmokeInput,
    Snapshot,
    TensorFile,
    Timing,
    Trial,
    TrialRow,
    Variant,
)
from pocketfit.trial.host import HostTimer
from pocketfit.trial.timing import Effort, Loader, OneByOne, Place, time_pair

log = logging.getLogger(__name__)

PLAIN_CONVOLUTIONS = frozenset({"aten::conv2d", "aten::_convolution", "aten::convolution"})


def run_trial(
    device: Device,
    base: Snapshot | None,
    head: Snapshot,
    folders: Mapping[SideName, Path],
    budget_s: float = 30.0,
    host: HostTimer | None = None,
    elsewhere: int = 0,
) -> Trial:
    """Try every variant that head built. `folders` maps a side to the folder of its artifacts.

    `budget_s` is for timing one pair; `host` times what the device has no runtime for; `elsewhere` is how many
    variants other shards may time, for the same report.
    """
    info = device.info()
    before = {one.variant: one for one in base.outcomes if isinstance(one, Built)} if base else {}
    pairs = [(before.get(one.variant), one) for one in head.outcomes if isinstance(one, Built)]

    def smoked(old: Built | None, new: Built) -> TrialRow:
        return _try_variant(device, info, old, new, folders, _limits(head, new), host)

    tried = [_clocked(partial(smoked, *pair)) for pair in pairs]
    # Only after all of them ran: how sure each answer must be depends on how many there are.
    comparisons = sum(_is_to_be_timed(row) for row in tried) + elsewhere

    def timed(row: TrialRow, old: Built | None, new: Built) -> TrialRow:
        if old is None or not _is_to_be_timed(row):
            return row
        loader: Loader = OneByOne(device)
        place = Place.of(info)
        if host is not None and row.head is not None and row.head.status == "skipped":
            loader, place = host, host.place(new.variant.format)
        log.info("%s on %s: timing base and head in turn", row.variant, place.device)
        effort = Effort(budget_s, comparisons, _limits(head, new).latency_growth)
        given = (smoke_input(old, folders["base"]), smoke_input(new, folders["head"]))
        return replace(row, timing=time_pair(loader, place, *given, _seed(old, new), effort))

    return Trial(info, tuple(_clocked(partial(timed, row, *pair)) for row, pair in zip(tried, pairs, strict=True)))


def _clocked(step: Callable[[], TrialRow]) -> TrialRow:
    """The row that a step gives, with what the step took added to the seconds that the row has already."""
    started = time.monotonic()
    row = step()
    return replace(row, trial_s=round((row.trial_s or 0.0) + time.monotonic() - started, 1))


def _is_to_be_timed(row: TrialRow) -> bool:
    return row.base is not None and row.timing is None


def _limits(head: Snapshot, built: Built) -> Limits:
    return head.limits.get(built.variant.model, Limits())


def _seed(base: Built, head: Built) -> int:
    """Another one for another pair, and the same whenever this pair is timed."""
    return zlib.crc32(f"{base.sha256}{head.sha256}".encode())


def untried(kind: str, head: Snapshot, problem: str) -> Trial:
    """The trial of a device that did not come up: nothing is said about any model."""
    smoke = Smoke("infra-error", problem, device=kind)
    rows = tuple(TrialRow(one.variant, None, smoke) for one in head.outcomes if isinstance(one, Built))
    return Trial(DeviceInfo(kind, abi="", cpu="", threads=0, runtimes={}), rows)


def _try_variant(
    device: Device,
    info: DeviceInfo,
    base: Built | None,
    head: Built,
    folders: Mapping[SideName, Path],
    limits: Limits,
    host: HostTimer | None,
) -> TrialRow:
    given_head = smoke_input(head, folders["head"])
    head_smoke = _explain(smoke(device, info, head.variant, given_head, head.outputs, limits), head)
    log.info("%s on %s: head %s", head.variant, info.kind, head_smoke.status)
    if base is None or base.sha256 == head.sha256:
        return TrialRow(head.variant, None, head_smoke)
    given_base = smoke_input(base, folders["base"])
    base_smoke = _explain(smoke(device, info, base.variant, given_base, base.outputs, limits), base)
    log.info("%s on %s: base %s", head.variant, info.kind, base_smoke.status)
    statuses = (base_smoke.status, head_smoke.status)
    on_host = statuses == ("skipped", "skipped") and host is not None and host.takes(head.variant.format)
    if statuses != ("passed", "passed") and not on_host:
        return TrialRow(head.variant, base_smoke, head_smoke, Timing(reason="not timed, since not both sides run"))
    return TrialRow(head.variant, base_smoke, head_smoke)


def _explain(tried: Smoke, built: Built) -> Smoke:
    """Name the library's own fault where it may be what the model is blamed for.

    NNPACK's nnp_conv1x1_only_2x4__psimd stores windows of 4 pixels that overlap where an image has fewer: it hits 1x1
    convolutions that XNNPACK does not take, on x86_64 only (see tests/integration/devices/test_jvm.py).
    """
    wrong = tried.status == "failed" and tried.parity.max_abs_diff is not None
    plain = sorted(PLAIN_CONVOLUTIONS & built.ops.keys())
    if not wrong or tried.abi != "x86_64" or not plain:
        return tried
    hint = (
        f" (its {plain[0]} may be to blame: the library's x86_64 kernels compute a plain 1x1 convolution "
        "on an image of under 4 pixels wrongly, a phone's do not)"
    )
    return replace(tried, reason=tried.reason + hint)


def smoke_input(built: Built, folder: Path) -> SmokeInput:
    return SmokeInput(built.variant.format, folder / built.file, built.inputs, folder)


def smoke(
    device: Device,
    info: DeviceInfo,
    variant: Variant,
    given: SmokeInput,
    golden: tuple[TensorFile, ...],
    limits: Limits,
) -> Smoke:
    """Run one artifact and compare what it answers with the golden outputs, where there are any."""
    with tempfile.TemporaryDirectory(prefix="pocketfit-device-") as name:
        run = device.smoke(given, Path(name))
        judged = _judge(run, Path(name), given.folder, golden, limits, variant.precision)
    return Smoke(
        status="failed" if judged.problem else run.status,
        reason=judged.problem or run.reason,
        device=info.kind,
        abi=info.abi,
        runtime=run.runtime,
        load_ms=run.load_ms,
        first_ms=run.first_ms,
        peak_rss_bytes=run.peak_rss_bytes,
        # A device is given the golden inputs alone.
        parity=replace(judged.parity, input_sets=None),
    )


def _judge(
    run: DeviceRun, folder: Path, golden_folder: Path, golden: tuple[TensorFile, ...], limits: Limits, precision: str
) -> Judged:
    if run.status != "passed" or not golden:
        return Judged(Parity())
    expected, actual = read_outputs(golden, golden_folder), read_outputs(run.outputs, folder)
    return judge(expected, actual, limits, precision, flat=run.flat)
