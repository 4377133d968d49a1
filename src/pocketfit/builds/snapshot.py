"""Builds one side or both: every variant of every model, each in a child of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pocketfit import __version__
from pocketfit.builds.forking import forks_for
from pocketfit.builds.lacking import why_lacking
from pocketfit.builds.room import Room, children_at_once
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.walls import downloads_folder
from pocketfit.builds.worker import build
from pocketfit.config.accepted import limits_on, note_on
from pocketfit.errors import CommandError
from pocketfit.formats import FORMATS
from pocketfit.process import pool_of_threads, were_stopped
from pocketfit.progress import Progress, tell
from pocketfit.records import Built, Config, Failed, ModelSpec, Outcome, SideName, Skipped, Snapshot, Variant
from pocketfit.runtimes.library import library_for
from pocketfit.runtimes.predicted import EXECUTORCH, predict
from pocketfit.runtimes.versions import newer_exporter, version_of
from pocketfit.sandbox.layers import available_memory_bytes, layers
from pocketfit.units import format_bytes
from pocketfit.variants import count_variants, skip_reason, variants

if TYPE_CHECKING:
    from pocketfit.builds.remembered import Remembered
    from pocketfit.out import Out

NETWORK = "the model's process had a network, as its configuration asks (network = true)"


@dataclass(frozen=True)
class Side:
    """One side to build: its tree and its configuration.

    `python` runs its model code where that needs packages of its own; None is our Python. `beside` is head's tree,
    which may hold what base's lacks.
    """

    name: SideName
    root: Path
    commit: str | None
    config: Config
    notes: tuple[str, ...] = ()
    python: Path | None = None
    beside: Path | None = None


def take_snapshots(
    sides: Sequence[Side],
    out: Out,
    sandbox: Sandbox,
    done: Callable[[SideName, Outcome, str], None],
    remembered: Remembered | None = None,
) -> list[Snapshot]:
    """Build all variants of all sides, as many at once as there are cores, but for those that are `remembered`.

    `done` is told of each outcome, with the child's torch, when it is there: the run may be stopped before its end.
    """
    if remembered:
        remembered.look_at({side.name: side.root for side in sides})
    count = sum(count_variants(side.config) for side in sides)
    workers = max(1, min(children_at_once(), count))
    sandbox = replace(sandbox, room=sandbox.room or Room(workers, available_memory_bytes()))
    with forks_for(_to_fork(sides) if sandbox.walled else ()) as forks, pool_of_threads(workers) as pool:
        sandbox = replace(sandbox, forks=forks)
        pending = [
            [
                pool.submit(_build_one, side, variant, spec, out, sandbox, done, count, remembered)
                for variant, spec in variants(side.config)
            ]
            for side in sides
        ]
        results = [[future.result() for future in futures] for futures in pending]
    of_sides = list(zip(sides, results, strict=True))
    if remembered:
        remembered.keep(out, {side.name: of_side for side, of_side in of_sides})
        of_sides = [(remembered.with_note(side), of_side) for side, of_side in of_sides]
    return [snapshot_of(side, of_side, sandbox) for side, of_side in of_sides]


def _to_fork(sides: Sequence[Side]) -> Iterator[tuple[Variant, ModelSpec]]:
    """What is built with our own packages."""
    for side in sides:
        for variant, spec in variants(side.config) if side.python is None else ():
            if not skip_reason(spec, variant.format, variant.precision):
                yield variant, spec


def _build_one(
    side: Side,
    variant: Variant,
    spec: ModelSpec,
    out: Out,
    sandbox: Sandbox,
    done: Callable[[SideName, Outcome, str], None],
    count: int,
    remembered: Remembered | None,
) -> tuple[Outcome, str]:
    """Build one variant of `count`, unless it can't be at all; also returns the child's torch, "" without a child."""
    begun = Progress("build", side.name, str(variant), "starting", of=count)
    if reason := skip_reason(spec, variant.format, variant.precision):
        done(side.name, Skipped(variant, reason), "")
        tell(replace(begun, stage=f"skipped: {reason}", state="done"))
        return Skipped(variant, reason), ""
    started = time.monotonic()
    if remembered and (found := remembered.find(side, variant, spec, out)):
        kept, torch_version = found
        file = out.artifacts(side.name) / kept.file
        kept = replace(kept, runs_on=predict(file, variant.format, side.config.device.runtimes))
        tell(replace(ended(begun, kept), stage=f"{format_bytes(kept.size_bytes)}, from the cache", elapsed_s=0.0))
        done(side.name, kept, torch_version)
        return kept, torch_version
    log_file = out.log(f"{side.name}.{variant.stem}")
    downloads = downloads_folder(os.environ, side.beside or side.root, side.name, spec.name) if spec.network else None
    sandbox = replace(sandbox, python=side.python, downloads=downloads)
    outcome, torch_version = build(
        variant,
        spec,
        side.root,
        out.artifacts(side.name),
        log_file,
        sandbox,
        begun,
        str(log_file.relative_to(out.folder)),
    )
    if were_stopped():
        # It was us who ended it.
        raise CommandError(str(variant), 130, "stopped")
    if isinstance(outcome, Failed) and side.beside and (lacking := why_lacking(outcome.reason, side.root, side.beside)):
        outcome = replace(outcome, reason=lacking)
    if spec.network:
        outcome = _with_reason(outcome, NETWORK)
    if isinstance(outcome, Built):
        file = out.artifacts(side.name) / outcome.file
        outcome = replace(outcome, runs_on=predict(file, variant.format, side.config.device.runtimes))
    outcome = replace(outcome, build_s=round(time.monotonic() - started, 1))
    tell(ended(begun, outcome))
    done(side.name, outcome, torch_version)
    return outcome, torch_version


def _with_reason(outcome: Built | Failed, reason: str) -> Built | Failed:
    if isinstance(outcome, Failed):
        return replace(outcome, reasons=(*outcome.reasons, reason))
    return replace(outcome, export=replace(outcome.export, reasons=(*outcome.export.reasons, reason)))


def snapshot_of(side: Side, results: Sequence[tuple[Outcome, str]], sandbox: Sandbox) -> Snapshot:
    """One side with the outcomes of its variants, each with the torch of its child; `sandbox` is what held these."""
    today = datetime.now(UTC).date()
    return Snapshot(
        side=side.name,
        commit=side.commit,
        pocketfit=__version__,
        torch=next((version for _, version in results if version), ""),
        artifacts=f"artifacts/{side.name}",
        outcomes=tuple(outcome for outcome, _ in results),
        limits={spec.name: limits_on(spec, today) for spec in side.config.models},
        notes=(*side.notes, *_older_runtimes(side.config), *_exceptions(side, today)),
        sandbox=str(layers()) if sandbox.walled else "none (--unsandboxed)",
    )


def _exceptions(side: Side, today: date) -> Iterator[str]:
    """Notes on what was accepted for a while; base's limits judge nothing."""
    for spec in side.config.models if side.name == "head" else ():
        if note := note_on(spec, today):
            yield note


def _older_runtimes(config: Config) -> tuple[str, ...]:
    """A note where .pte files are for runtimes that are older than what exports them."""
    formats = {name for spec in config.models for name in spec.formats}
    if EXECUTORCH not in formats:
        return ()
    own = version_of(str(library_for(EXECUTORCH) or ""))
    targets = dict.fromkeys(filter(None, (own, *config.device.runtimes)))
    note = newer_exporter(FORMATS[EXECUTORCH].host_runtime() or "", sorted(targets))
    return (note,) if note else ()


def built(snapshot: Snapshot) -> tuple[Built, ...]:
    return tuple(outcome for outcome in snapshot.outcomes if isinstance(outcome, Built))


def ended(begun: Progress, outcome: Built | Failed) -> Progress:
    """Say what became of a variant, and in how many seconds."""
    if isinstance(outcome, Failed):
        return replace(begun, stage=f"failed: {outcome.reason}", state="failed", elapsed_s=outcome.build_s or 0.0)
    return replace(begun, stage=format_bytes(outcome.size_bytes), state="done", elapsed_s=outcome.build_s or 0.0)
