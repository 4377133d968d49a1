"""Programs that share the machine's memory, and those that want all of it."""

from __future__ import annotations

import threading

import pytest

from pocketfit.builds.room import Room
from pocketfit.builds.sandbox import Sandbox
from pocketfit.sandbox.order import ResourceLimits

GB = 1_000_000_000
WAIT_S = 60


def test_a_share_is_what_fits_so_often() -> None:
    assert Room(4, 14 * GB).share_bytes == 3_500_000_000


@pytest.mark.parametrize(("limit_bytes", "beside_bytes"), [(14 * GB, 7 * GB), (2 * GB, 2 * GB), (None, 7 * GB)])
def test_the_limit_beside_others_is_the_share_where_the_users_own_is_no_less(
    limit_bytes: int | None, beside_bytes: int
) -> None:
    sandbox = Sandbox(limits=ResourceLimits(memory_bytes=limit_bytes), room=Room(2, 14 * GB))
    assert sandbox.held_to(alone=False).memory_bytes == beside_bytes
    assert sandbox.held_to(alone=True) == sandbox.limits
    without = Sandbox(limits=ResourceLimits(memory_bytes=limit_bytes))
    assert without.held_to(alone=False) == without.limits


def test_who_has_all_of_it_waits_for_the_others_and_the_next_wait_for_it() -> None:
    room, order = Room(2, GB), []
    leave, has_all, leave_all = threading.Event(), threading.Event(), threading.Event()
    began = threading.Barrier(3)

    def beside() -> None:
        with room.shared():
            began.wait(WAIT_S)
            assert leave.wait(WAIT_S)
            order.append("beside")

    def all_of_it() -> None:
        with room.whole():
            order.append("all")
            has_all.set()
            assert leave_all.wait(WAIT_S)
            order.append("all ends")

    def after() -> None:
        with room.shared():
            order.append("after")

    threads = [threading.Thread(target=target) for target in (beside, beside, all_of_it, after)]
    for thread in threads[:2]:
        thread.start()
    # Both are in it at once.
    began.wait(WAIT_S)
    threads[2].start()
    assert not has_all.wait(0.1)
    leave.set()
    assert has_all.wait(WAIT_S)
    threads[3].start()
    threads[3].join(0.1)
    leave_all.set()
    for thread in threads:
        thread.join(WAIT_S)
    assert order == ["beside", "beside", "all", "all ends", "after"]


def test_two_that_want_all_of_it_have_it_in_turn() -> None:
    room, inside, most = Room(2, GB), 0, 0

    def run() -> None:
        nonlocal inside, most
        for _ in range(50):
            with room.whole():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert most == 1
    with room.shared():
        assert inside == 0
