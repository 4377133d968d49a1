"""Gathers why variants fail by their model: what several of them say alike is said once. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pocketfit.records import Row
from pocketfit.report.cells import LABEL_LENGTH, NAME_LENGTH, Line
from pocketfit.report.changes import is_background
from pocketfit.text import clean


@dataclass(frozen=True)
class Said:
    """Reasons that the same variants of a model have, in the row's order. Without variants: all that fail."""

    variants: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Failing:
    """What fails of a model. `name` is the variant's where it is one alone; `kinds` has what matters most first."""

    name: str
    count: int
    kinds: tuple[str, ...]
    said: tuple[Said, ...]


def by_model(rows: Sequence[Row], lines: Sequence[Line]) -> Iterator[Failing]:
    """Put failing rows of a model into one, where the first of them stands."""
    places = {row.model: place for place, row in reversed(list(enumerate(rows)))}
    pairs = sorted(zip(rows, lines, strict=True), key=lambda pair: places[pair[0].model])
    for _, group in groupby(pairs, key=lambda pair: pair[0].model):
        yield _together(list(group))


def _together(pairs: Sequence[tuple[Row, Line]]) -> Failing:
    # Of each reason who says it, and how early at the most: limits come before what explains them.
    variants: dict[str, list[str]] = {}
    early: dict[str, int] = {}
    for row, line in pairs:
        for place, reason in enumerate(shown_reasons(line)):
            variants.setdefault(reason, []).append(clean(f"{row.format}/{row.precision}", LABEL_LENGTH))
            early[reason] = min(place, early.get(reason, place))
    groups: dict[tuple[str, ...], list[str]] = {}
    for reason in sorted(variants, key=early.__getitem__):
        groups.setdefault(tuple(variants[reason]), []).append(reason)
    return Failing(
        name=pairs[0][1].name if len(pairs) == 1 else clean(pairs[0][0].model, NAME_LENGTH),
        count=len(pairs),
        kinds=tuple(dict.fromkeys(kind for _, line in pairs for kind in line.kinds)),
        said=tuple(
            Said(() if len(names) == len(pairs) else names, tuple(reasons)) for names, reasons in groups.items()
        ),
    )


def shown_reasons(line: Line) -> tuple[str, ...]:
    """Give a line's reasons, each once, without what only explains them; all of them where there is nothing else."""
    reasons = tuple(dict.fromkeys(line.reasons))
    return tuple(reason for reason in reasons if not is_background(reason)) or reasons
