"""Rows against what is right: what differs, in sentences. Pure, but for the named checks that it calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.cases.expected import Demand, Expected
from tests.cases.rows import Row

Check = Callable[[Row], str | None]

# Sentences that are right nowhere: a traceback, a bare class name, values of tensors, a fault of our own making.
NEVER = (
    r"Traceback \(most recent call last\)",
    r"^\w*(Error|Exception|Pass)\W*$",
    r"-?\d\.\d{3,} -?\d\.\d{3,}",
    r"[Ii]nference tensor",
    r"report it$",
)


def differences(
    expected: Expected, rows: Sequence[Row], checks: Mapping[str, Check], printed: str = ""
) -> Iterator[str]:
    """Everything that is not as `expected` says; nothing at all where it is."""
    by_name = {row.variant: row for row in rows}
    if not rows:
        yield f"no row at all: {' '.join(printed.split())[-300:]}"
    for rule in expected.rules:
        covered = [row for row in rows if rule.covers(row.variant)]
        if rows and not covered:
            yield f"{', '.join(rule.of)}: no such row"
        for row in covered:
            yield from _unmet(rule.either, row, by_name, checks)
    for row in rows:
        if not any(rule.covers(row.variant) for rule in expected.rules):
            yield f"{row.variant}: expected.toml has no rule for it"
        for said in dict.fromkeys(said for pattern in (*NEVER, *expected.never) for said in _matching(pattern, row)):
            yield f"{row.variant}: says {said!r}"


def _unmet(
    either: Sequence[Demand], row: Row, by_name: Mapping[str, Row], checks: Mapping[str, Check]
) -> Iterator[str]:
    found = []
    for demand in either:
        problems = list(_problems(demand, row, by_name, checks))
        if not problems:
            return
        found.append("; ".join(problems))
    said = f" ({row.sentences[0]})" if row.sentences and row.status != "passed" else ""
    yield f"{row.variant}: {' - or - '.join(found)}{said}"


def _problems(demand: Demand, row: Row, by_name: Mapping[str, Row], checks: Mapping[str, Check]) -> Iterator[str]:
    if demand.status and row.status != demand.status:
        yield f"{row.status} instead of {demand.status}"
        return
    for pattern in demand.says:
        if not list(_matching(pattern, row)):
            yield f"nothing says /{pattern}/"
    for pattern in demand.never:
        yield from (f"says {said!r}" for said in _matching(pattern, row))
    if demand.compared and not row.compared:
        yield "base and head are not compared"
    yield from _decibels(demand, row)
    yield from _sizes(demand, row, by_name)
    for name in demand.checks:
        if problem := checks[name](row):
            yield f"{name}: {problem}"


def _decibels(demand: Demand, row: Row) -> Iterator[str]:
    for name, value, least in (
        ("host", row.host_db, demand.min_host_db),
        ("device", row.device_db, demand.min_device_db),
    ):
        if least is not None and (value is None or value < least):
            yield f"SQNR on the {name} is {_shown(value)}, below {least:g} dB"
    if demand.max_host_db is not None and row.host_db is not None and row.host_db > demand.max_host_db:
        yield f"SQNR on the host is {_shown(row.host_db)}, above {demand.max_host_db:g} dB"


def _sizes(demand: Demand, row: Row, by_name: Mapping[str, Row]) -> Iterator[str]:
    if demand.size_bytes and not (row.size_bytes and demand.size_bytes[0] <= row.size_bytes <= demand.size_bytes[1]):
        yield f"{row.size_bytes} bytes, not {demand.size_bytes[0]} to {demand.size_bytes[1]}"
    if demand.size_ratio:
        other, least, most = demand.size_ratio
        whole = by_name[other].size_bytes if other in by_name else None
        ratio = row.size_bytes / whole if row.size_bytes and whole else None
        if ratio is None or not least <= ratio <= most:
            yield f"{'no size' if ratio is None else f'{ratio:.3f}'} of {other}, not {least:g} to {most:g}"


def _matching(pattern: str, row: Row) -> Iterator[str]:
    return (said for said in row.sentences if re.search(pattern, said))


def _shown(value: float | None) -> str:
    return "not given" if value is None else f"{value:.1f} dB"
