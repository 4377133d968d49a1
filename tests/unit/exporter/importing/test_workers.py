"""Semaphores of ours in the place of the system's, in processes that are forked."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from typing import Any

import pytest

from pocketfit.exporter.importing.workers import LARGEST, RECURSIVE, Semaphore

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="eventfd is Linux's")
PLAIN = 1


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("_multiprocessing.SemLock", Semaphore)
    return multiprocessing.get_context("fork")


def test_a_counter() -> None:
    semaphore = Semaphore(PLAIN, 2, LARGEST)
    assert [semaphore.acquire(False) for _ in range(3)] == [True, True, False]
    assert semaphore._is_zero()
    semaphore.release()
    assert (semaphore._get_value(), semaphore._is_zero()) == (1, False)
    assert semaphore.acquire(True, 0.01)
    assert not semaphore.acquire(True, 0.01)


def test_it_is_made_by_the_words_that_the_systems_takes() -> None:
    # As joblib does, which scikit-learn imports, to see whether there are any.
    made = Semaphore(kind=RECURSIVE, value=0, maxvalue=1, name="/made-up", unlink=True)
    assert (made.name, made._is_zero()) == (None, True)


def test_a_lock_that_is_released_too_often() -> None:
    lock = Semaphore(PLAIN, 1, 1)
    with lock:
        assert lock._is_mine()
        assert not lock.acquire(False)
    assert not lock._is_mine()
    with pytest.raises(ValueError, match="released too many times"):
        lock.release()
    bounded = Semaphore(PLAIN, 3, 3)
    with pytest.raises(ValueError, match="released too many times"):
        bounded.release()


def test_a_recursive_lock_is_one_threads() -> None:
    lock = Semaphore(RECURSIVE, 1, 1)
    taken: list[bool] = []
    with lock, lock:
        thread = threading.Thread(target=lambda: taken.append(lock.acquire(False)))
        thread.start()
        thread.join()
        assert lock._count() == 2
    assert taken == [False]
    with pytest.raises(AssertionError, match="not owned by thread"):
        lock.release()


def test_another_process_waits_for_it(forked: Any) -> None:
    lock, receiving, sending = forked.Lock(), *forked.Pipe(duplex=False)

    def work() -> None:
        sending.send("began")
        with lock:
            sending.send("locked")

    with lock:
        process = forked.Process(target=work)
        process.start()
        assert receiving.recv() == "began"
        assert not receiving.poll(0.05)
    assert receiving.recv() == "locked"
    process.join()
    assert process.exitcode == 0


def test_what_multiprocessing_makes_of_them(forked: Any) -> None:
    queue, done, condition = forked.JoinableQueue(), forked.Event(), forked.Condition()

    def work() -> None:
        for number in iter(queue.get, None):
            total.value += number
            queue.task_done()
        queue.task_done()
        with condition:
            done.set()
            condition.notify_all()

    total = Number()
    process = forked.Process(target=lambda: (work(), queue.close(), sys.exit(total.value)))
    process.start()
    for number in (1, 2, 3, None):
        queue.put(number)
    queue.join()
    assert done.wait(60)
    process.join()
    assert process.exitcode == 6


class Number:
    value = 0
