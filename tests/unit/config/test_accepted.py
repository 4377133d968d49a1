from __future__ import annotations

from datetime import date

import pytest

from pocketfit.config.accepted import limits_on, note_on
from pocketfit.config.reader import parse_config
from pocketfit.records import Accepted, Growth, Limits, ModelSpec

LAST = date(2026, 12, 31)


def spec(*, until: str | date = LAST, **accepted: object) -> ModelSpec:
    limits = {"size_growth": "1%", "latency_growth": "10%", "accepted": {**accepted, "until": until}}
    raw = {"models": {"net": {"source": "net.py:net", "limits": limits}}}
    return parse_config(raw, "pocketfit.toml").models[0]


def test_it_is_read_with_limits_in_every_form() -> None:
    read = spec(size="48 MB", size_growth="200 kB", metric_drop=0.02).accepted
    limits = Limits(size_bytes=48_000_000, size_growth=Growth(size_bytes=200_000), metric_drop=0.02)
    assert read == Accepted("2026-12-31", limits)
    assert spec(until="2026-12-31", size_growth="45%").accepted == Accepted(
        "2026-12-31", Limits(size_growth=Growth(ratio=0.45))
    )


@pytest.mark.parametrize(("day", "holds"), [(date(2020, 1, 1), True), (LAST, True), (date(2027, 1, 1), False)])
def test_the_limit_returns_by_itself_after_the_last_day(day: date, holds: bool) -> None:
    limits = limits_on(spec(size_growth="45%"), day)
    assert limits.size_growth == Growth(ratio=0.45 if holds else 0.01)
    assert limits.latency_growth == 0.1


def test_a_limit_of_zero_is_one() -> None:
    assert limits_on(spec(size_growth="0%", metric_drop=0.0), LAST).size_growth == Growth(ratio=0.0)
    assert limits_on(spec(size_growth="0%", metric_drop=0.0), LAST).metric_drop == 0.0


def test_what_a_report_says_of_it() -> None:
    every = spec(size="48 MB", size_growth="45%", latency_growth="30%", metric_drop=0.02, planned_memory_growth="2 kB")
    assert note_on(every, LAST) == (
        "accepted until 2026-12-31: net has size = 48.00 MB (else no limit), size_growth = 45 % (else 1 %), "
        "latency_growth = 30 % (else 10 %), metric_drop = 0.02 (else no limit), "
        "planned_memory_growth = 2.00 kB (else no limit)"
    )
    assert note_on(every, date(2027, 1, 1)) == (
        "accepted until 2026-12-31, which is over: net has its own limits again, and `accepted` can be taken out of them"
    )
    assert note_on(ModelSpec("net", "net.py:net"), LAST) is None
