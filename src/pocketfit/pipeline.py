"""The whole tool in one line: configuration and commits in, snapshots, trial and report out."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from pocketfit.builds.git import Git
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.snapshot import Side, take_snapshots
from pocketfit.builds.submodules import fill
from pocketfit.config import find_config, read_config
from pocketfit.devices.base import started
from pocketfit.devices.choose import Choice
from pocketfit.errors import ConfigError, EnvironmentProblem
from pocketfit.out import Out
from pocketfit.records import Config, Report, SideName, Snapshot, Trial, Variant
from pocketfit.report.compare import compare
from pocketfit.store import write_snapshot, write_trial
from pocketfit.trial.host import HostTimer
from pocketfit.trial.trial import run_trial, untried
from pocketfit.variants import count_variants, select_models, select_variants, variants

log = logging.getLogger(__name__)

NO_BASE = "none"


@dataclass(frozen=True)
class Request:
    """What one run was asked for. `base` is a ref, "none", or None for the default branch.

    `exact` compares with `base` itself instead of where HEAD left it; `variants`, where there are any, are all to try.
    `requirements` is a file in the repository, relative to its root: packages for the models' code. `single` is the
    configuration itself, where the command line names one model instead of a file.
    """

    folder: Path
    out: Path
    base: str | None = None
    config: Path | None = None
    models: tuple[str, ...] = ()
    sandbox: Sandbox = field(default_factory=Sandbox)
    exact: bool = False
    variants: tuple[Variant, ...] = ()
    requirements: str | None = None
    single: Config | None = None


@dataclass(frozen=True)
class Head:
    """The user's tree: where it is, what it is configured to, and the commit it is at.

    `whole` is the configuration before variants were selected, and `config_name` what to call it in a message.
    `config_inside` is its file, relative to `root`; None where it lies elsewhere or came with the request, and so
    serves both sides. `elsewhere` is how many of its variants are left to other shards.
    """

    root: Path
    whole: Config
    config_name: str
    config_inside: Path | None
    config: Config
    commit: str | None
    notes: tuple[str, ...]
    git: Git | None
    elsewhere: int = 0


def read_head(request: Request) -> Head:
    """Everything that can be wrong with the user's side before anything is built; raises ConfigError."""
    git: Git | None = Git(request.folder)
    try:
        root = git.root()  # type: ignore[union-attr]
    except ConfigError:
        if request.base != NO_BASE:
            raise
        git, root = None, request.folder.resolve()
    whole, name, inside = _read_config(request, root)
    whole = select_models(whole, request.models, name)
    config = select_variants(whole, request.variants)
    commit = git.commit("HEAD") if git else None
    if git and commit is None:
        raise ConfigError(f"{root} has no commit yet: commit, or use --base none outside git")
    dirty = git is not None and git.is_dirty()
    notes = ("head is the working tree, which has changes that are not committed",) if dirty else ()
    left = count_variants(whole) - count_variants(config)
    return Head(root, whole, name, inside, config, commit, notes, git, left)


def _read_config(request: Request, root: Path) -> tuple[Config, str, Path | None]:
    """Head's configuration, what to call it, and where in the repository it stands, if there; raises ConfigError."""
    if request.single is not None:
        return request.single, "the command line", None
    path = find_config(root, request.config)
    resolved, tree = path.resolve(), root.resolve()
    return read_config(path), path.name, resolved.relative_to(tree) if resolved.is_relative_to(tree) else None


def run(request: Request, head: Head, choice: Choice) -> Report:
    """The whole line; writes every file of the contract into `request.out` and returns the report."""
    out = Out(request.out)
    out.prepare()
    if not choice.devices:
        # There is no trial to hold it.
        head = replace(head, notes=(*head.notes, choice.note))
    with ExitStack() as stack:
        base = _base_side(request, head, stack)
        sides = [*([base] if base else []), _head_side(request, head)]
        _check_variants(request, head, sides)
        sides = _equip(request, sides, stack)
        snapshots = {one.side: one for one in take_snapshots(sides, out, request.sandbox)}
    for name, snapshot in snapshots.items():
        write_snapshot(out.snapshot(name), snapshot)
        out.write_manifest(snapshot)
    host = HostTimer(request.sandbox, head.config.device.threads)
    trial = _trial(request, choice, snapshots, head, host)
    for snapshot in snapshots.values():
        # Again, with what became of each artifact; the first is for a run that is stopped on the device.
        out.write_manifest(snapshot, trial)
    report = compare(snapshots.get("base"), snapshots["head"], trial)
    out.write_reports(report)
    return report


def planned(request: Request, head: Head) -> tuple[Variant, ...]:
    """What a run would try: head's variants in their order, then those that only base has."""
    with ExitStack() as stack:
        base = _base_side(request, head, stack)
        sides = [head.config, *([base.config] if base else [])]
    return tuple(dict.fromkeys(variant for config in sides for variant, _ in variants(config)))


def _check_variants(request: Request, head: Head, sides: Sequence[Side]) -> None:
    """A variant may be base's alone: one that a pull request removes. Raises ConfigError for one of neither."""
    known = {variant for side in sides for variant, _ in variants(side.config)}
    if unknown := [variant for variant in request.variants if variant not in known]:
        raise ConfigError(f"{head.config_name} has no variant {unknown[0]}: see `pocketfit plan`")


def export(request: Request, head: Head) -> Snapshot:
    """Head's artifacts and their manifest only."""
    out = Out(request.out)
    out.prepare()
    with ExitStack() as stack:
        sides = _equip(request, [_head_side(request, head)], stack)
        (snapshot,) = take_snapshots(sides, out, request.sandbox)
    write_snapshot(out.snapshot("head"), snapshot)
    out.write_manifest(snapshot)
    return snapshot


def _trial(
    request: Request,
    choice: Choice,
    snapshots: Mapping[SideName, Snapshot],
    head: Head,
    host: HostTimer,
) -> Trial | None:
    """Try head and base on the first device that comes up; how it was chosen is among that device's notes."""
    if not choice.devices:
        return None
    folders = {name: Out(request.out).artifacts(name).resolve() for name in snapshots}
    notes = [choice.note] if choice.note else []
    budget_s = head.config.device.latency_budget_s
    for device in choice.devices:
        try:
            with started(device):
                sides = (snapshots.get("base"), snapshots["head"])
                trial = run_trial(device, *sides, folders, budget_s, host, head.elsewhere)
            break
        except EnvironmentProblem as problem:
            # What was built is kept and reported.
            log.warning("device %s: %s", device.kind, problem)
            notes.append(f"device {device.kind} could not be used: {problem}")
            trial = untried(device.kind, snapshots["head"], str(problem))
    trial = replace(trial, device=replace(trial.device, notes=(*trial.device.notes, *notes)))
    write_trial(Out(request.out).trial, trial)
    return trial


def _equip(request: Request, sides: list[Side], stack: ExitStack) -> list[Side]:
    """The sides with their own packages, for as long as `stack` is open."""
    if request.requirements is None:
        return sides
    from pocketfit.builds.packages import with_requirements

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pocketfit-packages-")))
    folder.chmod(0o755)
    return with_requirements(sides, request.requirements, folder, Out(request.out), request.sandbox.user)


def _head_side(request: Request, head: Head) -> Side:
    return Side("head", head.root, head.commit, head.config, Out(request.out).artifacts("head"), head.notes)


def _base_side(request: Request, head: Head, stack: ExitStack) -> Side | None:
    """Base's tree, in a worktree for as long as `stack` is open. Base's own mistakes are notes, never errors."""
    if head.git is None or request.base == NO_BASE:
        return None
    ref = request.base or head.git.default_base()
    if ref is None:
        raise ConfigError(
            "no base: there is no origin/HEAD, main or master here; name a branch with --base REF, or --base none"
        )
    commit = head.git.exactly(ref) if request.exact else head.git.merge_base(ref)
    shown = ref.removeprefix("refs/").removeprefix("remotes/")
    log.info("base is %s, %s", commit[:10], "as asked" if request.exact else f"the merge base of HEAD and {shown}")
    try:
        tree = stack.enter_context(head.git.worktree(commit))
    except EnvironmentProblem as error:
        raise EnvironmentProblem(f"base {commit[:10]} can't be checked out: {error}") from error
    notes = fill(head.git, commit, tree)
    if commit == head.commit:
        notes += ("base and head are the same commit: only changes that are not committed can show",)
    try:
        config = _base_config(request, head, tree)
    except ConfigError as error:
        config, notes = (
            Config(()),
            (*notes, f"base has no usable configuration, so there is nothing to compare with: {error}"),
        )
    return Side("base", tree, commit, config, Out(request.out).artifacts("base"), notes)


def _base_config(request: Request, head: Head, tree: Path) -> Config:
    """Base's own configuration; head's, where that is not a file of the repository."""
    if head.config_inside is None:
        config = head.whole
    else:
        config = read_config(find_config(tree, tree / head.config_inside if request.config else None))
    models = tuple(spec for spec in config.models if not request.models or spec.name in request.models)
    return select_variants(replace(config, models=models), request.variants)
