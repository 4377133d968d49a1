"""Times tasks in turn, so that whatever slows the machine down slows all: Rounds.java, for the host."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from statistics import median

Task = Callable[[], object]
Clock = Callable[[], int]

WARM_UP_CALLS = 6
WARM_UP_MS = 100.0
LONGEST_WARM_UP_MS = 3000.0
FEWEST_WARM_UP_CALLS = 3
SETTLED = 0.97
BLOCK_MS = 5.0


def take_rounds(
    tasks: Sequence[Task], rounds: int, budget_ms: float, seed: int, nanos: Clock = time.perf_counter_ns
) -> list[list[float]]:
    """Samples of each task in milliseconds, each the mean of a block of calls; see Rounds.java for their order.

    It stops after `rounds`, or after the round in which the budget ran out.
    """
    calls = [_calls_per_block(_warm_up_ms(task, nanos)) for task in tasks]
    samples_ms: list[list[float]] = [[] for _ in tasks]
    order, shuffled = list(range(len(tasks))), random.Random(seed)
    start = nanos()
    for number in range(rounds):
        if number and (nanos() - start) / 1e6 >= budget_ms:
            break
        shuffled.shuffle(order)
        for index in (*order, *reversed(order)):
            samples_ms[index].append(_block_ms(tasks[index], calls[index], nanos))
    return samples_ms


def _calls_per_block(call_ms: float) -> int:
    return max(1, min(1_000_000, math.ceil(BLOCK_MS / max(call_ms, 1e-6))))


def _warm_up_ms(task: Task, nanos: Clock) -> float:
    """Warms up until times settle and returns how long a call then takes."""
    times_ms: list[float] = []
    while not is_warm(times_ms):
        times_ms.append(_block_ms(task, 1, nanos))
    return median(times_ms[-3:])


def is_warm(times_ms: Sequence[float]) -> bool:
    """Say whether the last three calls are no longer much faster than the three before them."""
    if sum(times_ms) >= LONGEST_WARM_UP_MS:
        return len(times_ms) >= FEWEST_WARM_UP_CALLS
    long_enough = len(times_ms) >= WARM_UP_CALLS and sum(times_ms) >= WARM_UP_MS
    return long_enough and median(times_ms[-3:]) >= SETTLED * median(times_ms[-6:-3])


def _block_ms(task: Task, calls: int, nanos: Clock) -> float:
    start = nanos()
    for _ in range(calls):
        task()
    return (nanos() - start) / 1e6 / calls
