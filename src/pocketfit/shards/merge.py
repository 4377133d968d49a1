"""The results of several machines as one report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.out import Out
from pocketfit.records import (
    DeviceInfo,
    Hardware,
    History,
    Outcome,
    Report,
    Row,
    SideName,
    Skipped,
    Smoke,
    Snapshot,
    Trial,
    Variant,
)
from pocketfit.report.compare import compare
from pocketfit.shards.parts import Part, check_alike, check_distinct, read_parts, take_artifacts
from pocketfit.shards.plan import Shard
from pocketfit.staging import staged
from pocketfit.store import write_snapshot, write_trial

LOST = "its shard did not report"


def merge(folders: Sequence[Path], planned: Sequence[Shard], folder: Path, history: History | None = None) -> Report:
    """Write every file of a run into `folder`, from the folders of its shards; `history` is of earlier commits.

    Raises ConfigError where they don't belong together, EnvironmentProblem where none has reported. What the plan has
    and no shard reports is a row with a reason, and the verdict is then never `pass`.
    """
    if folder.resolve() in [shard.resolve() for shard in folders]:
        raise ConfigError(f"--out {folder} is a shard's own folder: name another, since its files would be overwritten")
    parts, notes = read_parts(folders, bool(planned))
    check_alike(parts)
    check_distinct(parts)
    with staged(folder) as staging:
        return _merge(parts, notes, planned, staging.out, history)


def _merge(
    parts: Sequence[Part], notes: list[str], planned: Sequence[Shard], out: Out, history: History | None
) -> Report:
    variants = tuple(variant for shard in planned for variant in shard.variants)
    out.prepare()
    base, head = _join("base", parts), _join("head", parts)
    if head is None:
        raise EnvironmentProblem(f"no shard has reported: {'; '.join(notes) or 'no folder is given'}")
    lost = _lost(variants, parts)
    head = replace(head, outcomes=_in_order((*head.outcomes, *(Skipped(variant, LOST) for variant in lost)), variants))
    trial = _join_trials(parts)
    for side in filter(None, (base, head)):
        notes += take_artifacts(side, parts, out, trial)
        write_snapshot(out.snapshot(side.side), side)
    if trial:
        write_trial(out.trial, trial)
    report = _with_lost(compare(base, head, trial, history), lost)
    report = replace(report, notes=tuple(dict.fromkeys((*report.notes, *_differences(parts), *notes))))
    out.write_reports(report)
    return report


def _join(name: SideName, parts: Sequence[Part]) -> Snapshot | None:
    sides = [side for part in parts if (side := part.side(name))]
    if not sides:
        return None
    return replace(
        sides[0],
        torch=next((side.torch for side in sides if side.torch), ""),
        artifacts=f"artifacts/{name}",
        outcomes=tuple(outcome for side in sides for outcome in side.outcomes),
        limits={model: limits for side in sides for model, limits in side.limits.items()},
        notes=tuple(dict.fromkeys(note for side in sides for note in side.notes)),
        sandbox=" or ".join(dict.fromkeys(side.sandbox for side in sides if side.sandbox)) or None,
    )


def _join_trials(parts: Sequence[Part]) -> Trial | None:
    trials = [part.trial for part in parts if part.trial]
    if not trials:
        return None
    infos = [trial.device for trial in trials]
    return Trial(_join_devices(infos), tuple(row for trial in trials for row in trial.rows))


def _join_devices(infos: Sequence[DeviceInfo]) -> DeviceInfo:
    """Describe all in one: texts that differ are listed, and of the hardware only what all agree on is said."""
    texts: dict[str, Any] = {
        name: " / ".join(dict.fromkeys(value for info in infos if (value := getattr(info, name))))
        for name in ("kind", "abi", "cpu")
    }
    agreed = set.intersection(*(set(asdict(info.hardware).items()) for info in infos))
    return replace(
        infos[0],
        threads=max(info.threads for info in infos),
        runtimes={key: value for info in infos for key, value in info.runtimes.items()},
        notes=tuple(dict.fromkeys(note for info in infos for note in info.notes)),
        hardware=Hardware(**dict(agreed)),
        **texts,
    )


def _differences(parts: Sequence[Part]) -> tuple[str, ...]:
    notes = []
    torches = dict.fromkeys(side.torch for part in parts for side in (part.base, part.head) if side and side.torch)
    if len(torches) > 1:
        notes.append(f"not all shards used one torch: {', '.join(torches)}")
    cpus = dict.fromkeys(part.trial.device.cpu for part in parts if part.trial and part.trial.device.cpu)
    if len(cpus) > 1:
        notes.append(f"the shards ran on different processors ({', '.join(cpus)}): compare times within a row only")
    return tuple(notes)


def _lost(variants: Sequence[Variant], parts: Sequence[Part]) -> tuple[Variant, ...]:
    known = {outcome.variant for part in parts for side in (part.base, part.head) if side for outcome in side.outcomes}
    return tuple(variant for variant in variants if variant not in known)


def _in_order(outcomes: Sequence[Outcome], variants: Sequence[Variant]) -> tuple[Outcome, ...]:
    order = {variant: index for index, variant in enumerate(variants)}
    return tuple(sorted(outcomes, key=lambda outcome: order.get(outcome.variant, len(order))))


def _with_lost(report: Report, lost: Sequence[Variant]) -> Report:
    """A shard that is gone is nobody's fault, and no pass."""
    if not lost:
        return report
    rows = tuple(_lost_row(row) if row.variant in lost else row for row in report.rows)
    return replace(report, rows=rows, verdict="fail" if report.verdict == "fail" else "error")


def _lost_row(row: Row) -> Row:
    return replace(row, smoke=Smoke("infra-error", LOST), latency=replace(row.latency, reason=LOST))
