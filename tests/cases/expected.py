"""What is right for a case: `expected.toml`, read. README.md in this folder shows the keys."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Demand:
    """What a row must be. Every regex of `says` is found in one of its sentences, none of `never` in any.

    `status` is passed, failed or skipped; None leaves it open. Decibels are SQNR, of the host or the device.
    `size_ratio` is [variant, least, most]: this file's bytes by that one's. `checks` are functions of checks.py.
    """

    status: str | None = None
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    min_host_db: float | None = None
    max_host_db: float | None = None
    min_device_db: float | None = None
    size_bytes: tuple[int, int] | None = None
    size_ratio: tuple[str, float, float] | None = None
    compared: bool = False
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """`of` names variants (MODEL, MODEL/FORMAT or MODEL/FORMAT/PRECISION, with * and ?); one of `either` must hold."""

    of: tuple[str, ...]
    either: tuple[Demand, ...]

    def covers(self, variant: str) -> bool:
        parts = variant.split("/")
        return any(
            all(fnmatchcase(part, pattern) for part, pattern in zip(parts, name.split("/"), strict=False))
            for name in self.of
        )


@dataclass(frozen=True)
class Run:
    """One call of the command line in `folder` of the case's copy; `name` goes before the names of its rows."""

    name: str = ""
    folder: str = "."
    arguments: tuple[str, ...] = ("--base", "none")


@dataclass(frozen=True)
class Expected:
    """`make` is a command that makes the case first; `smokes` maps files to the `--shape` that smoke gives them."""

    rules: tuple[Rule, ...]
    runs: tuple[Run, ...] = (Run(),)
    make: tuple[str, ...] = ()
    smokes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    never: tuple[str, ...] = ()


def read_expected(path: Path) -> Expected:
    """Raises ValueError for a key that does not exist."""
    raw = tomllib.loads(path.read_text())
    rules = tuple(_rule(table, path) for table in raw.pop("rows"))
    runs = tuple(Run(**_tuples(table)) for table in raw.pop("runs", [{}])) if "smokes" not in raw else ()
    return Expected(rules, runs, **_tuples(raw))


def _rule(table: dict[str, Any], path: Path) -> Rule:
    names = tuple(table.pop("of"))
    choices = table.pop("either", None)
    if choices is not None and table:
        raise ValueError(f"{path}: {names}: what stands beside `either` belongs into each of its tables")
    known = {one.name for one in fields(Demand)}
    for choice in choices or [table]:
        if unknown := sorted(set(choice) - known):
            raise ValueError(f"{path}: {names}: unknown key {unknown[0]!r}")
    return Rule(names, tuple(Demand(**_tuples(choice)) for choice in choices or [table]))


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
