"""What torch.export says of a length that can't vary, as one sentence; its words are of torch 2.12."""

from __future__ import annotations

import logging

import pytest

from pocketfit.exporter.executorch.dynamic import GUARDS, violated
from pocketfit.records import Dimension, InputSpec, ModelSpec

SPEC = ModelSpec("net", "net.py:net", inputs=(InputSpec((1, 16, 8), dimensions=(Dimension(1, "T", 1, 16),)),))
VIOLATED = 'Constraints violated (T)! For more information, run with TORCH_LOGS="+dynamic".\n'
FIXED = (
    VIOLATED
    + "  - You marked T as dynamic but your code specialized it to be a constant (16). If you're using mark_dynamic, ...\nSuggested fixes:\n  T = 16\n"
)
BRANCH = (
    VIOLATED
    + "  - Not all values of T = L['given'][0].size()[1] in the specified range T <= 16 satisfy the generated guard ...\nSuggested fixes:\n  T = Dim('T', min=11, max=16)\n"
)
EVEN = (
    VIOLATED
    + "  - Not all values of T satisfy the generated guard ((8*L['given'][0].size()[1]) % 16) == 0.\nSuggested fixes:\n  T = 2*_T\n"
)
UNKNOWN = VIOLATED + "  - something that torch has not said before\n"


def first(logger: logging.Logger) -> None:
    logger.info("eval s90 > 10 [guard added] (module.py:1 in f)")


def fixing(logger: logging.Logger) -> None:
    logger.info("eval Eq(8*s90, 128) [guard added] (module.py:2 in f)")
    logger.info("set_replacement s90 = 16 (solve) VR[16, 16]")


def fails() -> None:
    logger = logging.getLogger(GUARDS)
    first(logger)
    fixing(logger)
    raise ValueError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FIXED, "T in inputs (1 to 16) can't vary: forward depends on its length at FIXING, which takes 16 alone: take lengths from x.shape there, or write 16 for T in inputs"),
        (BRANCH, "T in inputs (1 to 16) can't be exported for all of these: forward depends on its length at FIXING: torch suggests T = { min = 11, max = 16 }, or write forward without that"),
        (EVEN, "T in inputs (1 to 16) can't be exported for all of these: forward depends on its length at FIXING: torch suggests T = 2*_T, or write forward without that"),
        (UNKNOWN, "T in inputs (1 to 16) can't be exported for all of these: forward depends on its length at FIXING: give another range, or write forward without that"),
    ],
)  # fmt: skip
def test_the_length_its_line_and_the_remedy_are_one_sentence(text: str, said: str) -> None:
    problem = violated(ValueError(text), SPEC, fails)
    assert problem is not None
    before, _, after = str(problem).partition("test_dynamic.py:")
    line, _, rest = after.partition(", `")
    code, _, end = rest.partition("`")
    number = fixing.__code__.co_firstlineno + 1
    assert (int(line), code) == (number, 'logger.info("eval Eq(8*s90, 128) [guard added] (module.py:2 in f)")')
    assert f"{before.rpartition(' at ')[0]} at FIXING{end}" == said


def test_logging_is_as_it_was_before() -> None:
    logger = logging.getLogger(GUARDS)
    before = (logger.handlers, logger.level, logger.propagate)
    assert violated(ValueError(FIXED), SPEC, fails) is not None
    assert (logger.handlers, logger.level, logger.propagate) == before


def test_nothing_is_said_of_a_line_where_torch_logs_none() -> None:
    problem = violated(ValueError(FIXED), SPEC, lambda: None)
    assert str(problem).startswith("T in inputs (1 to 16) can't vary: forward depends on its length, which takes 16")


def test_another_error_is_another_sentence() -> None:
    assert violated(ValueError("no such operator"), SPEC, fails) is None
