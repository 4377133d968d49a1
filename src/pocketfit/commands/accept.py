"""Accepts what a report calls too much: the limits that fail become ones that take it, in the configuration."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import unified_diff
from pathlib import Path
from typing import Any

from pocketfit.builds.git import root_of
from pocketfit.config import find_config, read_config
from pocketfit.config.accepted import limits_on
from pocketfit.config.edit import with_limits
from pocketfit.config.reader import LIMIT_BYTES, place_in
from pocketfit.errors import ConfigError
from pocketfit.files import read_named, write_text_atomically
from pocketfit.judge.needed import ACCEPTABLE, Needed, needed, takes
from pocketfit.judge.over import NAME as OVER
from pocketfit.records import Limits, Report, Row, Variant
from pocketfit.report.cells import failures, name
from pocketfit.store import read_report
from pocketfit.text import clean


@dataclass(frozen=True)
class Asked:
    """What to accept: the rows of these models and variants, all where none is named; until a day, or for good."""

    models: Sequence[str] = ()
    variants: Sequence[Variant] = ()
    until: date | None = None


@dataclass(frozen=True)
class Change:
    """A configuration before and after. `said` are sentences on what was accepted, `left` on what was not."""

    file: Path
    shown: str
    before: str
    after: str
    said: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def diff(self) -> str:
        lines = unified_diff(self.before.splitlines(), self.after.splitlines(), self.shown, self.shown, lineterm="")
        return "\n".join(lines)

    def write(self) -> None:
        """Write the file whole; raises ConfigError."""
        if self.after != self.before:
            write_text_atomically(self.file, self.after)


def accept(folder: Path, saved: Path, given: Path | None, asked: Asked, today: date) -> Change:
    """Say what becomes of the configuration that a run in `folder` takes, and write nothing.

    Raises ConfigError where something fails and nothing of it can be accepted.
    """
    rows = _failing(read_report(saved), asked, saved)
    root = root_of(folder)
    # A link stays one.
    file = find_config(root, given, folder).resolve()
    shown = str(file.relative_to(root.resolve())) if file.is_relative_to(root.resolve()) else str(file)
    specs = {spec.name: spec for spec in read_config(file).models}
    text = read_named(file, LIMIT_BYTES).decode("utf-8")
    change = Change(file, shown, text, text)
    for model in dict.fromkeys(row.model for row in rows):
        of_model = [row for row in rows if row.model == model]
        if model not in specs:
            change = replace(change, left=(*change.left, f"{clean(model)}: {shown} has no such model"))
            continue
        limits = limits_on(specs[model], today)
        found, left = _needed(of_model, limits)
        change = replace(change, left=(*change.left, *left))
        if found:
            values = {limit: need.written for limit, (_, need) in found.items()}
            after = with_limits(change.after, place_in(file, ("models", model)), values, asked.until, today)
            change = replace(change, after=after, said=(*change.said, *_said(found, asked.until)))
    if rows and change.after == change.before:
        raise ConfigError("; ".join(change.left))
    return change


def _failing(report: Report, asked: Asked, saved: Path) -> list[Row]:
    """The failing rows that are asked for; raises ConfigError for a name that the report does not have."""
    _check("--model", asked.models, {row.model for row in report.rows}, saved)
    _check("--variant", list(map(str, asked.variants)), {str(row.variant) for row in report.rows}, saved)
    wanted = set(map(str, asked.variants))
    return [
        row
        for row in report.rows
        if row.fails and (not asked.models or row.model in asked.models) and (not wanted or str(row.variant) in wanted)
    ]


def _check(option: str, names: Sequence[str], known: Collection[str], saved: Path) -> None:
    for one in names:
        if one not in known:
            raise ConfigError(f"{option} {one}: {saved} has none of that name")


Found = dict[str, tuple[Row, Needed]]


def _needed(rows: Sequence[Row], limits: Limits) -> tuple[Found, list[str]]:
    """The most that each limit needs, with the row that needs it; and what no limit can accept."""
    found: Found = {}
    left = []
    for row in rows:
        for limit, need, why in _of_row(row, limits):
            if need is None:
                left.append(f"{name(row)}: {why}")
            elif limit not in found or found[limit][1].value < need.value:
                found[limit] = row, need
    return found, left


def _of_row(row: Row, limits: Limits) -> Iterator[tuple[str, Needed | None, str]]:
    """Each limit that fails, with what it needs or why nothing helps."""
    if not row.failed_limits:
        yield "", None, f"it fails {failures(row)[0]}, which no limit can accept"
    for limit in row.failed_limits:
        if limit == OVER:
            yield limit, None, f"{OVER} is over many commits: write another growth, or last, in the configuration"
        elif limit not in ACCEPTABLE:
            yield limit, None, f"{clean(limit)} is on what the file computes, which is no growth to accept"
        elif (need := needed(limit, row, limits)) is None:
            yield limit, None, f"no value of {limit} accepts it: the report has no number that it could be"
        elif takes(limit, limits, need):
            yield limit, None, f"{limit} takes it already, as the configuration is now"
        else:
            yield limit, need, ""


def _said(found: Mapping[str, tuple[Row, Needed]], until: date | None) -> Iterator[str]:
    when = f" until {until.isoformat()}" if until else ""
    for limit, (row, need) in found.items():
        value: Any = need.written
        yield f"accepted{when}: {limit} = {value} for all variants of {clean(row.model)} ({name(row)} needs the most)"
