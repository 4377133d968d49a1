from __future__ import annotations

import pytest

from pocketfit.judge.memory import PEAK_NOISE_BYTES, RELOADS, bounds_planned, peak_grew_bytes, retained_bytes
from pocketfit.records import Dimension, InputSpec

# Two runs on device jvm: a small model, and mobilenet_v3_small. Both give everything back.
SMALL = (
    38719488,
    38731776,
    39559168,
    39579648,
    39596032,
    39596032,
    39596032,
    39600128,
    39604224,
    39608320,
    39612416,
    39616512,
)
LARGE = (61898752, 61947904, 61952000, 62697472, 62738432, 62763008, 62763008, 62767104, 62775296, 62779392, 62783488, 62787584)  # fmt: skip


@pytest.mark.parametrize("held_bytes", [SMALL, LARGE])
def test_what_the_java_machine_keeps_for_itself_is_no_leak(held_bytes: tuple[int, ...]) -> None:
    assert len(held_bytes) == RELOADS
    assert retained_bytes(held_bytes) in range(30_000, 100_000)


@pytest.mark.parametrize("held_bytes", [SMALL, LARGE])
def test_what_every_load_leaves_is_told_for_ten(held_bytes: tuple[int, ...]) -> None:
    leaking = [held + number * 500_000 for number, held in enumerate(held_bytes)]
    assert retained_bytes(leaking) in range(5_030_000, 5_100_000)


def test_too_few_readings_say_nothing() -> None:
    assert retained_bytes(()) is None
    assert retained_bytes(SMALL[:5]) is None
    assert retained_bytes(SMALL[:6]) is not None


@pytest.mark.parametrize(("delta", "grew"), [(0, 0), (PEAK_NOISE_BYTES, 0), (PEAK_NOISE_BYTES + 5, 5), (-PEAK_NOISE_BYTES - 5, -5)])  # fmt: skip
def test_a_peak_grew_by_no_more_than_what_is_beyond_the_noise(delta: int, grew: int) -> None:
    assert peak_grew_bytes(100_000_000, 100_000_000 + delta) == grew


def test_the_largest_length_is_told_with_what_is_planned_for_it() -> None:
    inputs = (InputSpec((1, 64), dimensions=(Dimension(1, "T", 1, 512), Dimension(0, "ONE", 1, 1))),)
    assert bounds_planned(inputs, 163_840) == ("plans 163.84 kB of memory for T = 512, and takes it at any length",)
    assert bounds_planned(inputs, None) == ()
    assert bounds_planned((InputSpec((1, 64)),), 163_840) == ()
    assert bounds_planned("net:example", 163_840) == ()
