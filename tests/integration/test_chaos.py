"""A few of the kills of `python -m tests.chaos`, which strikes 140 times."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from pocketfit.devices.jvm import JvmDevice
from pocketfit.records import DeviceSpec
from pocketfit.runtimes.library import android_or_why
from tests.chaos.place import make_place
from tests.integration.conftest import require


def test_killed_at_five_moments_the_next_run_is_right_and_leaves_nothing(tmp_path: Path) -> None:
    reason = JvmDevice(DeviceSpec(), android_or_why()).unavailable()
    require(reason is None, f"device jvm: {reason}")
    place = make_place(tmp_path)
    whole_s = place.run_whole()
    assert list(place.left_behind()) == []
    for part in (0.02, 0.1, 0.3, 0.6, 0.9):
        assert place.strike(signal.SIGKILL, whole_s * part).faults == ()
    place.run_whole()
    assert [*place.differences(), *place.left_behind()] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_it_leaves_a_report_and_nothing_else(tmp_path: Path, number: signal.Signals) -> None:
    place = make_place(tmp_path)
    # Its whole length is not known here: whenever it is stopped, this holds.
    assert place.strike(number, 5.0).faults == ()


def test_two_runs_in_one_repository_work_side_by_side(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    runs = [place.start("--out", out, "--device", "none") for out in ("one", "two")]
    assert [run.wait() for run in runs] == [0, 0], place.said()
    assert place.rows("one") == place.rows("two")
    assert list(place.left_behind()) == []


def test_two_runs_into_one_folder_take_turns(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    runs = [place.start("--device", "none") for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0], place.said()
    assert "another run writes to pocketfit-out: waiting for its end" in place.said()
    assert [*place.half_written(), *place.left_behind()] == []
    assert place.rows()[0] == "pass"
