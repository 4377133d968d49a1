"""Which layers of a quantized model are named, and what is said to help."""

from __future__ import annotations

from typing import Any

import pytest

from pocketfit.exporter.anatomy.losses import Loss, loss, sentence
from pocketfit.exporter.builder import BuildOrder
from pocketfit.records import ModelSpec

MODEL: Any = None


def order(precision: str = "int8", calibration: str | None = None) -> BuildOrder:
    return BuildOrder(MODEL, (), ModelSpec("net", "x:y", calibration=calibration), precision)


def test_the_three_that_lose_most_are_named() -> None:
    losses = [
        Loss("a", 40, 38),
        Loss("b", 38, 12),
        Loss("c", 12, 11.5),
        Loss("", 60, 0),
        Loss("d", 30, 20),
        Loss("e", 9, 6),
    ]
    assert sentence(order(), 6.04, losses) == (
        "int8 agrees with eager to 6.0 dB on the golden inputs: most is lost in b (38 dB before it, 12 dB after), "
        "d (30 dB before it, 20 dB after), e (9 dB before it, 6 dB after). "
        'What helps: real inputs in calibration = "module:callable", else int8-dynamic or fp32'
    )


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (order("int8-dynamic"), "leave the model in fp32"),
        (order("int8", "x:y"), "more, and more different, batches in calibration, else int8-dynamic or fp32"),
    ],
)
def test_what_helps(given: BuildOrder, remedy: str) -> None:
    said = sentence(given, 15.0, [Loss("a", 20, 19.5)])
    assert said == f"{given.precision} agrees with eager to 15.0 dB on the golden inputs. What helps: {remedy}"


def test_what_comes_from_outside_has_no_error() -> None:
    assert loss("a", None, 300.0) == Loss("a", 60.0, 60.0)
    assert loss("a", 50.0, None) is None
