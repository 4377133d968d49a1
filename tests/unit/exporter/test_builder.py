from __future__ import annotations

import pytest

from pocketfit.exporter.builder import once


def test_a_step_is_taken_when_it_is_first_asked_for_and_never_again() -> None:
    taken: list[str] = []

    def step() -> str:
        taken.append("step")
        return "made"

    had = once(step)
    assert taken == []
    assert [had(), had()] == ["made", "made"]
    assert taken == ["step"]


def test_what_it_raised_it_raises_again() -> None:
    taken: list[str] = []

    def step() -> str:
        taken.append("step")
        raise ValueError("too narrow")

    had = once(step)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^too narrow$"):
            had()
    assert taken == ["step"]
