"""Reads what the shards of a run left in their folders, as data that nobody trusts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pocketfit.builds.weigh import sha256_of
from pocketfit.builds.worker import ARTIFACT_LIMIT_BYTES
from pocketfit.errors import ConfigError
from pocketfit.files import open_regular, opened
from pocketfit.out import Out
from pocketfit.records import Built, SideName, Snapshot, Trial, Variant
from pocketfit.store import read_snapshot, read_trial

SAFE_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Part:
    """One shard's results: what its folder holds."""

    folder: Path
    base: Snapshot | None
    head: Snapshot
    trial: Trial | None

    def side(self, name: SideName) -> Snapshot | None:
        return self.head if name == "head" else self.base


def read_parts(folders: Sequence[Path], may_lack: bool) -> tuple[list[Part], list[str]]:
    """The shards that finished, and a note on each other folder; without a plan that is an error."""
    parts, notes = [], []
    for folder in folders:
        try:
            parts.append(_read_part(folder))
        except ConfigError as problem:
            if not may_lack:
                raise
            notes.append(f"a shard's results are not used: {problem}")
    return parts, notes


def _read_part(folder: Path) -> Part:
    # The report is what a run writes last.
    out = Out(folder)
    if not out.report_json.is_file():
        raise ConfigError(f"{folder} holds no report.json, so it is not what a finished `pocketfit run --out` wrote")
    for path in (out.report_json, out.snapshot("base"), out.snapshot("head"), out.trial):
        _check_regular(path)
    base = read_snapshot(out.snapshot("base")) if out.snapshot("base").exists() else None
    head = read_snapshot(out.snapshot("head"))
    trial = read_trial(out.trial) if out.trial.exists() else None
    if head.side != "head" or (base and base.side != "base"):
        raise ConfigError(f"{folder}: base.json and head.json are not of the sides that they are named after")
    return Part(folder, base, head, trial)


def _check_regular(path: Path) -> None:
    """Another machine's file is no link, pipe or the like; raises ConfigError."""
    try:
        open_regular(path).close()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} can't be used: {getattr(error, 'strerror', None) or error}") from error


def check_alike(parts: Sequence[Part]) -> None:
    """Shards of one run are of the same commits, by the same program; raises ConfigError."""
    facts: dict[str, Callable[[Part], str | None]] = {
        "head commits": lambda part: part.head.commit,
        "base commits": lambda part: part.base.commit if part.base else "none",
        "versions of Pocketfit": lambda part: part.head.pocketfit,
    }
    for name, value in facts.items():
        part_of = {value(part): part for part in parts}
        if len(part_of) > 1:
            (one, first), (other, second) = list(part_of.items())[:2]
            raise ConfigError(
                f"these are not shards of one run, since they have different {name}: "
                f"{one} in {first.folder}, {other} in {second.folder}"
            )


def check_distinct(parts: Sequence[Part]) -> None:
    """A variant has one shard; raises ConfigError."""
    owner: dict[tuple[str, Variant], Path] = {}
    for part in parts:
        for side in filter(None, (part.base, part.head)):
            for outcome in side.outcomes:
                first = owner.setdefault((side.side, outcome.variant), part.folder)
                if first != part.folder:
                    raise ConfigError(f"{first} and {part.folder} both have {outcome.variant}: give each shard once")


def take_artifacts(side: Snapshot, parts: Sequence[Part], out: Out, trial: Trial | None) -> list[str]:
    """Copy what was built and list it in a manifest; returns a note on what was not handed over."""
    target = out.artifacts(side.side)
    folders = {
        outcome.variant: Out(part.folder).artifacts(side.side)
        for part in parts
        if (snapshot := part.side(side.side))
        for outcome in snapshot.outcomes
    }
    built = [outcome for outcome in side.outcomes if isinstance(outcome, Built)]
    taken = [artifact for artifact in built if _take_one(artifact, folders[artifact.variant], target)]
    out.write_manifest(replace(side, outcomes=tuple(taken)), trial)
    missing = [str(artifact.variant) for artifact in built if artifact not in taken]
    return [f"{side.side}'s artifacts of these were not handed over: {', '.join(missing)}"] if missing else []


def _take_one(built: Built, source: Path, target: Path) -> bool:
    """Copy an artifact and say whether it was there; raises ConfigError where it is not what its record says."""
    if not (source / _inside(built.file)).exists():
        return False
    for name in dict.fromkeys((built.file, *(tensor.file for tensor in built.export.golden))):
        relative = _inside(name)
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        try:
            with opened(source) as given:
                given.take(name, target / relative, ARTIFACT_LIMIT_BYTES)
        except (OSError, ValueError) as error:
            raise ConfigError(f"{source / relative} can't be taken over: {error}") from error
    if sha256_of(target / built.file) != built.sha256:
        raise ConfigError(f"{source / built.file} is not the file that its snapshot describes: its SHA-256 differs")
    return True


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if not path.parts or not all(SAFE_PART.fullmatch(part) for part in path.parts):
        raise ConfigError(f"a shard names a file {name[:100]!r}, which is no path inside its artifacts")
    return path
