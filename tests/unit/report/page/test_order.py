from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Latency, Row
from pocketfit.report.page.order import Keys, keys, kind, kinds
from tests.unit.report.samples import (
    BROKEN,
    EVERYTHING,
    GREW,
    IDENTICAL,
    NEW,
    REMOVED,
    SKIPPED,
    TOUCHED,
    side,
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (GREW, "failed"),
        (replace(GREW, failed_before=True), "failed-before"),
        (TOUCHED, "changed"),
        (NEW, "new"),
        (REMOVED, "removed"),
        (SKIPPED, "skipped"),
        (IDENTICAL, "identical"),
    ],
)
def test_kind(row: Row, expected: str) -> None:
    assert kind(row) == expected


def test_only_kinds_that_are_there_can_be_chosen() -> None:
    assert kinds(EVERYTHING.rows) == (
        ("failed", "failed", 3),
        ("changed", "changed", 1),
        ("new", "new", 2),
        ("removed", "removed", 1),
        ("skipped", "skipped", 1),
        ("identical", "identical", 1),
    )
    assert kinds((replace(GREW, failed_before=True),)) == (("failed-before", "failed before too", 1),)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (GREW, Keys("19607468", "1.40102", "1.332")),
        (TOUCHED, Keys("1235", "1.00081", "")),
        (NEW, Keys("6100000", "", "")),
        (REMOVED, Keys("", "", "")),
        (BROKEN, Keys("", "", "")),
        (replace(GREW, base=side(0, 0)), Keys("19607468", "", "1.332")),
        (replace(GREW, latency=Latency("slower", ratio=float("inf"))), Keys("19607468", "1.40102", "")),
    ],
)
def test_keys(row: Row, expected: Keys) -> None:
    """An unclear ratio is none to sort by."""
    assert keys(row) == expected
