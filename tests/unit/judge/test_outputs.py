from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketfit.judge.golden import write_arrays
from pocketfit.judge.outputs import Judged, judge, judge_sets, read_outputs
from pocketfit.records import Limits, Parity

RAMP = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
EAGER = [("['a']", RAMP), ("['b'][0]", RAMP * 2)]


def test_equal_outputs_have_no_problem() -> None:
    judged = judge(EAGER, EAGER, Limits(), "fp32")
    assert (judged.problem, judged.failed_limits, judged.same_structure) == ("", (), True)
    assert (judged.parity.max_abs_diff, judged.parity.sqnr_db, judged.parity.input_sets) == (0.0, 300.0, 1)
    assert [output.path for output in judged.parity.outputs] == ["['a']", "['b'][0]"]


def test_a_flat_list_takes_eagers_places_in_order() -> None:
    flat = [("[0]", RAMP), ("[1]", RAMP * 2)]
    assert judge(EAGER, flat, Limits(), "fp32", flat=True) == judge(EAGER, EAGER, Limits(), "fp32")
    assert judge(EAGER, flat, Limits(), "fp32") == Judged(
        Parity(), "its outputs are [0], [1] where eager has ['a'], ['b'][0]", same_structure=False
    )


@pytest.mark.parametrize(
    ("actual", "problem"),
    [
        ([("[0]", RAMP)], "its outputs are [0] where eager has ['a'], ['b'][0]"),
        ([("[0]", RAMP), ("[1]", RAMP.T)], "output['b'][0] is float32 4x3 where eager has float32 3x4"),
        (
            [("[0]", RAMP), ("[1]", RAMP.astype(np.float64))],
            "output['b'][0] is float64 3x4 where eager has float32 3x4",
        ),
    ],
)
def test_another_structure_is_said_before_any_value_is_compared(
    actual: list[tuple[str, np.ndarray]], problem: str
) -> None:
    assert judge(EAGER, actual, Limits(), "fp32", flat=True) == Judged(Parity(), problem, same_structure=False)


def test_every_limit_that_is_passed_is_said() -> None:
    judged = judge([("", RAMP)], [("", RAMP + 0.5)], Limits(max_abs_diff=0.1), "fp32")
    assert judged.failed_limits == ("min_sqnr_db", "max_abs_diff")
    assert judged.problem == (
        "SQNR against eager is 2.0 dB, below 60 dB; the largest difference from eager is 0.5, above 0.1"
    )


def test_the_worst_of_several_sets_counts() -> None:
    other = [("['a']", RAMP + 3), ("['b'][0]", RAMP * 4)]
    judged = judge_sets([(EAGER, EAGER), (other, [other[0], ("['b'][0]", RAMP * 2)])], Limits(), "fp32")
    assert judged.parity.input_sets == 2
    assert judged.problem == "SQNR against eager is 6.0 dB at output ['b'][0], below 60 dB"


def test_no_set_is_asked_for_after_one_of_another_structure() -> None:
    def sets() -> object:
        yield EAGER, EAGER[:1]
        raise AssertionError("asked for one more")

    assert not judge_sets(sets(), Limits(), "fp32").same_structure  # type: ignore[arg-type]


def test_outputs_that_are_files(tmp_path: Path) -> None:
    (read,) = read_outputs(write_arrays([("['a']", RAMP)], tmp_path, "output"), tmp_path)
    assert read[0] == "['a']"
    assert np.array_equal(read[1], RAMP)


def text(letters: str) -> np.ndarray:
    return np.frombuffer(letters.encode(), np.uint8)


def test_a_str_is_right_as_a_whole() -> None:
    eager = [("[0]", RAMP), ("[1].encode()", text("héllo"))]
    assert judge(eager, eager, Limits(), "int8").problem == ""

    judged = judge(eager, [("[0]", RAMP), ("[1].encode()", text("hallo"))], Limits(), "int8")

    assert judged == Judged(Parity(), "output [1] is the str 'hallo' where eager has 'héllo'")


def test_a_long_str_is_shown_around_what_differs() -> None:
    eager, actual = "a" * 100 + "b" + "c" * 100, "a" * 100 + "d"
    judged = judge([(".encode()", text(eager))], [(".encode()", text(actual))], Limits(), "fp32")
    assert judged.problem == (f"the output is the str '…{'a' * 20}d' where eager has '…{'a' * 20}b{'c' * 19}…'")


def test_a_str_that_is_not_there() -> None:
    judged = judge([("[0].encode()", text("a"))], [("[0]", RAMP)], Limits(), "fp32")
    assert judged.problem == "its outputs are [0] where eager has [0].encode()"
