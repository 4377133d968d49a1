"""The whole tool in one line: configuration and commits in, snapshots, trial and report out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pocketfit.builds.remembered import Remembered
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.sides import Head, base_side
from pocketfit.builds.snapshot import Side, take_snapshots
from pocketfit.cache.kept import Cache
from pocketfit.devices.choose import Choice
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.files.temporary import temporary_folder
from pocketfit.out import Out
from pocketfit.records import DeviceInfo, History, Report, SideName, Snapshot, Trial, Variant
from pocketfit.report.compare import compare
from pocketfit.staging import Staging
from pocketfit.store import write_snapshot, write_trial
from pocketfit.trial.also import bring_up
from pocketfit.trial.counting import counter_for
from pocketfit.trial.host import HostTimer
from pocketfit.trial.remembered import KeptTrials
from pocketfit.trial.so_far import SoFar, cut_short
from pocketfit.trial.trial import Artifacts, run_trial, untried
from pocketfit.variants import variants

log = logging.getLogger(__name__)

# What ends a run from outside.
STOPS = (KeyboardInterrupt, SystemExit)


def run(
    head: Head,
    choice: Choice,
    staging: Staging,
    sandbox: Sandbox,
    requirements: str | None = None,
    cache: Cache | None = None,
    history: History | None = None,
) -> Report:
    """The whole line: write every file of the contract and return the report.

    `requirements` is a file in the repository, relative to its root: packages for the models' code. What is in `cache`
    is not made again, and `history` is of earlier commits. Should the run be stopped, a report of what is done so far
    is in place before anything is tidied up.
    """
    out = staging.out
    out.prepare()
    if not choice.devices:
        # There is no trial to hold it.
        head = replace(head, notes=(*head.notes, choice.note))
    sandbox = replace(sandbox, results=staging.folder.resolve())
    so_far = SoFar((head.side(),), sandbox, _unseen(choice))
    with _reported_if_stopped(so_far, staging):
        remembered = Remembered(cache, sandbox) if cache else None
        snapshots = _build_sides(head, staging, sandbox, requirements, so_far, remembered)
        for snapshot in snapshots.values():
            _write(snapshot, out)
        staging.open_to_devices()
        trial = _try_on_device(
            head, choice, snapshots, staging, HostTimer(sandbox, head.config.device.threads), so_far, cache
        )
        for snapshot in snapshots.values():
            # Again, with what became of each artifact; the first is for a run that is stopped on the device.
            out.write_manifest(snapshot, trial)
        report = compare(snapshots.get("base"), snapshots["head"], trial, history)
        out.write_reports(report)
        return report


def export(head: Head, staging: Staging, sandbox: Sandbox, requirements: str | None = None) -> Snapshot:
    """Build head alone; writes its artifacts, their manifest and its snapshot. `requirements` is as for run."""
    out = staging.out
    out.prepare()
    so_far = SoFar((head.side(),), sandbox)
    try:
        with _with_packages([head.side()], requirements, out, sandbox) as sides:
            (snapshot,) = take_snapshots(sides, out, sandbox, so_far.add_outcome)
    except STOPS:
        _write(so_far.snapshots()["head"], out)
        raise
    _write(snapshot, out)
    return snapshot


@contextmanager
def _reported_if_stopped(so_far: SoFar, staging: Staging) -> Iterator[None]:
    """Have a report in place at once where the block is stopped: whoever stops us may not wait for the tidying up."""
    try:
        yield
    except STOPS:
        if not staging.is_published:
            out, snapshots = staging.out, so_far.snapshots()
            trial = so_far.trial(snapshots["head"])
            for snapshot in snapshots.values():
                write_snapshot(out.snapshot(snapshot.side), snapshot)
                out.write_manifest(snapshot, trial)
            if trial:
                write_trial(out.trial, trial)
            out.write_reports(cut_short(snapshots.get("base"), snapshots["head"], trial))
            staging.publish()
            log.warning("stopped: what is done so far is in %s", staging.folder)
        raise


def _unseen(choice: Choice) -> DeviceInfo | None:
    """What is known of a device before it is up."""
    return DeviceInfo(choice.devices[0].kind, abi="", cpu="", threads=0, runtimes={}) if choice.devices else None


def planned(head: Head) -> tuple[Variant, ...]:
    """The variants that a run would try: head's in their order, then those that only base has."""
    with base_side(head) as base:
        configs = [head.config, *([base.config] if base else [])]
    return tuple(dict.fromkeys(variant for config in configs for variant, _ in variants(config)))


def _build_sides(
    head: Head,
    staging: Staging,
    sandbox: Sandbox,
    requirements: str | None,
    so_far: SoFar,
    remembered: Remembered | None,
) -> dict[SideName, Snapshot]:
    """Build base, where there is one, and head."""
    out = staging.out
    with base_side(head) as base:
        sides = [*([base] if base else []), head.side()]
        _check_variants(head, sides)
        so_far.sides = tuple(sides)
        with _reported_if_stopped(so_far, staging), _with_packages(sides, requirements, out, sandbox) as equipped:
            so_far.sides = tuple(equipped)
            snapshots = take_snapshots(equipped, out, sandbox, so_far.add_outcome, remembered)
        return {snapshot.side: snapshot for snapshot in snapshots}


def _check_variants(head: Head, sides: Sequence[Side]) -> None:
    """Raise ConfigError for a variant asked for that no side has; base's alone may be one that the change removes."""
    known = {variant for side in sides for variant, _ in variants(side.config)}
    if unknown := [variant for variant in head.request.variants if variant not in known]:
        raise ConfigError(f"{head.config_name} has no variant {unknown[0]}: see `pocketfit plan`")


@contextmanager
def _with_packages(sides: list[Side], requirements: str | None, out: Out, sandbox: Sandbox) -> Iterator[list[Side]]:
    """The sides, with their own packages for as long as the block runs."""
    if requirements is None:
        yield sides
        return
    from pocketfit.builds.packages import with_requirements

    # An unprivileged child must be able to walk in.
    with temporary_folder("pocketfit-packages-", 0o755) as folder:
        yield with_requirements(sides, requirements, folder, out, sandbox)


def _write(snapshot: Snapshot, out: Out) -> None:
    write_snapshot(out.snapshot(snapshot.side), snapshot)
    out.write_manifest(snapshot)


def _try_on_device(
    head: Head,
    choice: Choice,
    snapshots: Mapping[SideName, Snapshot],
    staging: Staging,
    host: HostTimer,
    so_far: SoFar,
    cache: Cache | None,
) -> Trial | None:
    """Try head and base on the first device that comes up; how it was chosen is among that device's notes."""
    if not choice.devices:
        return None
    out = staging.out
    sides = {name: Artifacts(snapshot, out.artifacts(name).resolve()) for name, snapshot in snapshots.items()}
    base = sides.get("base")
    notes = [choice.note] if choice.note else []
    budget_s = head.config.device.latency_budget_s
    for device in choice.devices:
        try:
            with (
                device.up() as running,
                bring_up(choice.also, running.info.abi) as also,
                _reported_if_stopped(so_far, staging),
            ):
                so_far.device = running.info
                trial = run_trial(
                    running,
                    base,
                    sides["head"],
                    budget_s=budget_s,
                    host=host,
                    elsewhere=head.elsewhere,
                    also=also,
                    counter=counter_for(head.config.device, running, also),
                    kept=KeptTrials(cache, running) if cache else None,
                    done=so_far.add_row,
                )
            break
        except EnvironmentProblem as problem:
            # What was built is kept and reported.
            log.warning("device %s: %s", device.kind, problem)
            notes.append(f"device {device.kind} could not be used: {problem}")
            trial = untried(device.kind, snapshots["head"], str(problem))
    trial = replace(trial, device=replace(trial.device, notes=(*trial.device.notes, *notes)))
    write_trial(out.trial, trial)
    return trial
