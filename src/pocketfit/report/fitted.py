"""A report that whoever reads report.json will take: what would make it too large is left out of its largest rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pocketfit.records import Report, Row, SideFacts, Smoke, Trend
from pocketfit.store import report_json
from pocketfit.text import clean

# The archive that carries a report from a fork's run may have 4 MiB (github/foreign_report.py), and noise does not get
# smaller in it.
LIMIT_BYTES = 4_000_000
# Of a row whose details are left out.
KEPT_REASONS, KEPT_CHARACTERS = 3, 200


def fitted(report: Report, limit_bytes: int = LIMIT_BYTES) -> Report:
    """Leave out the details of as many rows as it takes, the largest first; a note says of how many.

    Some come from models' own processes, and one that says much must not keep the others from being shown.
    """
    if size_bytes(report) <= limit_bytes:
        return report
    sizes = [size_bytes(replace(report, rows=(row,), notes=())) for row in report.rows]
    largest_first = sorted(range(len(sizes)), key=lambda index: -sizes[index])
    for count in _counts(len(sizes)):
        bared = set(largest_first[:count])
        rows = tuple(bare(row) if index in bared else row for index, row in enumerate(report.rows))
        note = f"details of {count} of {len(sizes)} variants are left out of report.json, which would be too large"
        smaller = replace(report, rows=rows, notes=(*report.notes, note))
        if size_bytes(smaller) <= limit_bytes:
            break
    return smaller


def bare(row: Row) -> Row:
    """Keep of a row what its line in the table says, and its first reasons."""
    parity = row.parity and replace(row.parity, outputs=())
    return replace(
        row,
        reasons=tuple(clean(reason, KEPT_CHARACTERS) for reason in row.reasons[:KEPT_REASONS]),
        base=_bare_side(row.base),
        head=_bare_side(row.head),
        parity=parity,
        layer_losses=(),
        smoke=_bare_smoke(row.smoke),
        also=tuple(map(_bare_smoke, row.also)),
        trend=Trend(),
    )


def _bare_smoke(smoke: Smoke) -> Smoke:
    return replace(smoke, parity=replace(smoke.parity, outputs=()))


def _bare_side(side: SideFacts | None) -> SideFacts | None:
    return None if side is None else replace(side, ops={}, anatomy=None, delegation=None, operator_times=None)


def _counts(most: int) -> Iterator[int]:
    count = 1
    while count < most:
        yield count
        count *= 2
    yield most


def size_bytes(report: Report) -> int:
    """How large its report.json is."""
    return len(report_json(report).encode())
