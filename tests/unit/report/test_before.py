"""A failure that base has too is no part of the verdict; one that the change made worse, or set a limit for, is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Built, Evaluated, Failed, Limits, Outcome, Parity, Report, Smoke, Trial, TrialRow
from pocketfit.report.cells import lines
from pocketfit.report.compare import compare
from pocketfit.report.summary import headline
from tests.unit.report.test_compare import DEVICE, NET, PASSED, built, snapshot

CRASH = Smoke("failed", "the runtime crashed with SIGSEGV after 3.1 s", "jvm", "x86_64")
NO_LAYER = Failed(NET, "ValueError: no such layer (net.py:12, in forward)")


def report(
    base: Outcome, head: Outcome, tried: TrialRow | None = None, limits: Limits | None = None, old: Limits | None = None
) -> Report:
    limits = limits or Limits()
    return compare(
        snapshot(base, limits={"net": limits if old is None else old}),
        snapshot(head, limits={"net": limits}),
        Trial(DEVICE, (tried or TrialRow(NET, PASSED, PASSED),)),
    )


@pytest.mark.parametrize(
    ("base", "head", "tried"),
    [
        # Its line has moved.
        (NO_LAYER, Failed(NET, "ValueError: no such layer (net.py:14, in forward)"), None),
        (built(), built(), TrialRow(NET, None, CRASH)),
        (built(), built(1001, "bb"), TrialRow(NET, replace(CRASH, reason=CRASH.reason.replace("3.1", "3")), CRASH)),
    ],
)
def test_what_fails_as_before_is_counted_apart(base: Outcome, head: Outcome, tried: TrialRow | None) -> None:
    told = report(base, head, tried)
    (row,) = told.rows
    assert (row.status, row.failed_before, told.verdict) == ("failed", True, "pass")
    assert headline(told).text == "nothing was checked, 1 failed before too"
    assert lines(told, [row])[0].status.fact == "failed before too"
    asked = report(base, head, tried, Limits(old_failures="fail"))
    assert (asked.rows[0].failed_before, asked.verdict) == (False, "fail")


@pytest.mark.parametrize(
    ("base", "head", "tried"),
    [
        (NO_LAYER, Failed(NET, "KeyError: 'large' (net.py:12, in forward)"), None),
        (NO_LAYER, replace(NO_LAYER, failed_limits=("min_sqnr_db",)), None),
        (built(), NO_LAYER, None),
        (NO_LAYER, built(), TrialRow(NET, None, CRASH)),
        (built(), built(1001, "bb"), TrialRow(NET, PASSED, CRASH)),
        (built(), built(1001, "bb"), TrialRow(NET, replace(CRASH, reason="aten::foo is not there"), CRASH)),
    ],
)
def test_another_failure_than_base_s_fails(base: Outcome, head: Outcome, tried: TrialRow | None) -> None:
    told = report(base, head, tried)
    assert (told.rows[0].failed_before, told.verdict) == (False, "fail")


def test_a_limit_that_the_change_sets_fails() -> None:
    limits = Limits(size_bytes=900)
    assert report(built(), built(), limits=limits).rows[0].failed_before
    assert report(built(), built(), limits=limits, old=Limits()).verdict == "fail"


def test_growth_beyond_its_limit_is_no_old_failure() -> None:
    """Both are over the size, and head fails on the device as base did: but it is also larger than it may be."""
    limits = Limits(size_bytes=900)
    told = report(built(), built(1001, "bb"), TrialRow(NET, CRASH, CRASH), limits)
    assert (told.rows[0].failed_before, told.verdict) == (False, "fail")


def test_a_host_that_disagrees_beside_the_device_is_a_failure_of_its_own() -> None:
    def wrong(one: Built) -> Built:
        return replace(one, export=replace(one.export, parity=Parity(1.0, 3.0)))

    told = report(built(), wrong(built(1001, "bb")), TrialRow(NET, CRASH, CRASH))
    assert (told.rows[0].failed_before, told.verdict) == (False, "fail")


def test_others_still_count() -> None:
    fine = replace(NET, model="fine")
    one = compare(
        snapshot(NO_LAYER, built(variant=fine)),
        snapshot(NO_LAYER, built(1200, "bb", fine)),
        Trial(DEVICE, (TrialRow(fine, PASSED, PASSED),)),
    )
    assert (one.verdict, headline(one).text) == ("pass", "1 variant passes, 1 failed before too")


def test_a_metric_that_drops_of_the_same_file_is_the_change_s_own() -> None:
    limits = Limits(metric_drop=0.05)
    good, worse = (
        replace(built(), export=replace(built().export, metric=Evaluated(0.9, value))) for value in (0.9, 0.8)
    )
    told = report(good, worse, limits=limits)
    assert (told.rows[0].failed_limits, told.rows[0].failed_before, told.verdict) == (("metric_drop",), False, "fail")
