"""Deal the variants out to several machines, balanced by what each cost before. Pure, but for reading files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from pocketfit.errors import ConfigError
from pocketfit.files import read_named
from pocketfit.out import Out
from pocketfit.records import Built, Failed, Snapshot, Trial, Variant
from pocketfit.variants import parse_variants

log = logging.getLogger(__name__)

# GitHub's limit of jobs in one matrix.
MAX_SHARDS = 256
PLAN_LIMIT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Shard:
    """One machine's part. `estimated_s` is None where nothing is known of what any variant costs."""

    shard: int
    variants: tuple[Variant, ...]
    estimated_s: float | None = None


def plan_shards(variants: Sequence[Variant], costs_s: Mapping[Variant, float], shards: int) -> tuple[Shard, ...]:
    """Deal the variants out, the longest first and each to the shard with least so far: at most `shards`, none empty.

    Longest processing time first is at most a third above the best deal (Graham 1969, "Bounds on multiprocessing
    timing anomalies"). A variant without a recorded cost gets the median of similar ones.
    """
    estimates = {variant: estimate_s(variant, costs_s) for variant in variants}
    count = min(shards, len(estimates))
    dealt: list[list[Variant]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for variant in sorted(estimates, key=lambda each: (-estimates[each], str(each))):
        least = min(range(count), key=lambda index: (loads[index], len(dealt[index])))
        dealt[least].append(variant)
        loads[least] += estimates[variant]
    order = {variant: index for index, variant in enumerate(variants)}
    return tuple(
        Shard(number, tuple(sorted(mine, key=order.__getitem__)), round(load, 1) if costs_s else None)
        for number, (mine, load) in enumerate(zip(dealt, loads, strict=True), 1)
    )


def estimate_s(variant: Variant, costs_s: Mapping[Variant, float]) -> float:
    """Return the cost on record, else the median of the same format and precision, of the format, of all; else 1."""
    if variant in costs_s:
        return costs_s[variant]
    kinds: tuple[Callable[[Variant], bool], ...] = (
        lambda other: (other.format, other.precision) == (variant.format, variant.precision),
        lambda other: other.format == variant.format,
        lambda _: True,
    )
    for alike in kinds:
        if similar_s := [cost_s for other, cost_s in costs_s.items() if alike(other)]:
            return median(similar_s)
    return 1.0


def recorded_costs_s(base: Snapshot | None, head: Snapshot, trial: Trial | None) -> dict[Variant, float]:
    """Return the seconds that a run spent on each of head's variants: building both sides, and the device.

    Where base was not built, head's build stands in for it.
    """
    head_s = _build_costs_s(head)
    base_s = _build_costs_s(base) if base else {}
    trial_s = {row.variant: row.trial_s or 0.0 for row in trial.rows} if trial else {}
    return {
        variant: build_s + base_s.get(variant, build_s) + trial_s.get(variant, 0.0)
        for variant, build_s in head_s.items()
    }


def _build_costs_s(side: Snapshot) -> dict[Variant, float]:
    return {
        outcome.variant: outcome.build_s
        for outcome in side.outcomes
        if isinstance(outcome, (Built, Failed)) and outcome.build_s is not None
    }


def read_costs_s(folders: Iterable[Path]) -> dict[Variant, float]:
    """Return the costs that runs recorded in their `--out` folders; those that can't be read are left out."""
    from pocketfit.store import read_snapshot, read_trial

    costs_s: dict[Variant, float] = {}
    for folder in folders:
        out = Out(folder)
        try:
            head = read_snapshot(out.snapshot("head"))
            base = read_snapshot(out.snapshot("base")) if out.snapshot("base").exists() else None
            trial = read_trial(out.trial) if out.trial.exists() else None
        except ConfigError as problem:
            log.warning("no costs from %s: %s", folder, problem)
            continue
        costs_s |= recorded_costs_s(base, head, trial)
    return costs_s


def matrix(shards: Sequence[Shard]) -> dict[str, Any]:
    """Return what `strategy.matrix` takes: `variants` are separated by commas, as the action's input takes them."""
    return {
        "include": [
            {"shard": shard.shard, "variants": ",".join(map(str, shard.variants)), "estimated_s": shard.estimated_s}
            for shard in shards
        ]
    }


def read_plan(path: Path) -> tuple[Shard, ...]:
    """Read a file that `matrix` made, as data that nobody trusts; raises ConfigError."""
    from pydantic import BaseModel, ConfigDict, Field, ValidationError

    class Entry(BaseModel):
        model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
        shard: int = Field(ge=1, le=MAX_SHARDS)
        variants: str
        estimated_s: float | None = None

    class File(BaseModel):
        model_config = ConfigDict(strict=True, extra="forbid")
        include: list[Entry] = Field(min_length=1, max_length=MAX_SHARDS)

    try:
        file = File.model_validate_json(read_named(path, PLAN_LIMIT_BYTES))
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise ConfigError(f"{path} is no plan of `pocketfit plan`: {place}: {first['msg']}") from error
    except ValueError as error:
        raise ConfigError(f"{path} can't be read: {error}") from error
    return tuple(
        Shard(entry.shard, parse_variants([entry.variants], str(path)), entry.estimated_s) for entry in file.include
    )
