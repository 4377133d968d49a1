from __future__ import annotations

import contextvars
import logging
import os
from collections.abc import Callable

import pytest

from pocketfit.cli.loudness import Loudness, ask, loudness
from pocketfit.errors import ConfigError


def alone(look: Callable[[], object]) -> object:
    """In a context of its own, as a process has one."""
    return contextvars.copy_context().run(look)


@pytest.fixture(autouse=True)
def level() -> object:
    before = logging.getLogger("pocketfit").level
    yield
    logging.getLogger("pocketfit").setLevel(before)


@pytest.mark.parametrize(
    ("words", "expected", "level"),
    [
        ([], Loudness(), logging.INFO),
        (["verbose"], Loudness(verbose=True), logging.DEBUG),
        (["quiet"], Loudness(quiet=True), logging.WARNING),
    ],
)
def test_what_is_asked_for(words: list[str], expected: Loudness, level: int) -> None:
    def look() -> object:
        ask(verbose="verbose" in words, quiet="quiet" in words, no_color=False)
        # Once more behind the command's name, where nothing is asked for.
        ask(verbose=False, quiet=False, no_color=False)
        return loudness()

    assert alone(look) == expected
    assert logging.getLogger("pocketfit").level == level


def test_a_contradiction() -> None:
    def look() -> object:
        ask(verbose=True, quiet=False, no_color=False)
        ask(verbose=False, quiet=True, no_color=False)
        return None

    with pytest.raises(ConfigError, match=r"^--quiet and --verbose contradict each other: leave one out$"):
        alone(look)


def test_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    alone(lambda: ask(verbose=False, quiet=False, no_color=True))
    assert os.environ["NO_COLOR"] == "1"
