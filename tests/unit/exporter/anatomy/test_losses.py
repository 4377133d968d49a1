"""Which layers of a quantized model are named, and what is said to help."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pocketfit.exporter.anatomy.losses import explained, loss
from pocketfit.exporter.builder import BuildOrder
from pocketfit.records import LayerLoss, ModelSpec

MODEL: Any = None


def order(precision: str = "int8", calibration: str | None = None) -> BuildOrder:
    return BuildOrder(MODEL, (), ModelSpec("net", "x:y", calibration=calibration), precision)


def test_the_three_that_lose_most_are_named() -> None:
    losses = [
        LayerLoss("a", 40, 38),
        LayerLoss("b", 38, 12),
        LayerLoss("c", 12, 11.5),
        LayerLoss("", 60, 0),
        LayerLoss("d", 30, 20),
        LayerLoss("e", 9, 6),
    ]
    said = explained(order(), 6.04, losses)
    assert [one.layer for one in said.losses] == ["b", "d", "e", "a"]
    assert said.reasons == (
        "int8 agrees with eager to 6.0 dB on the golden inputs: most is lost in b (38 dB before it, 12 dB after), "
        "d (30 dB before it, 20 dB after), e (9 dB before it, 6 dB after). "
        'What helps: real inputs in calibration = "module:callable", else int8-dynamic or fp32',
    )


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (order("int8-dynamic"), "leave the model in fp32"),
        (order("int8", "x:y"), "more, and more different, batches in calibration, else int8-dynamic or fp32"),
    ],
)
def test_what_helps(given: BuildOrder, remedy: str) -> None:
    said = explained(given, 15.0, [LayerLoss("a", 20, 19.5)])
    assert said.losses == ()
    assert said.reasons == (
        f"{given.precision} agrees with eager to 15.0 dB on the golden inputs. What helps: {remedy}",
    )


def test_what_comes_from_outside_has_no_error() -> None:
    assert loss("a", None, 300.0) == LayerLoss("a", 60.0, 60.0)
    assert loss("a", 50.0, None) is None


def test_what_is_lost_whole_has_an_end() -> None:
    assert loss("a", -math.inf, -math.inf) == LayerLoss("a", -100.0, -100.0)
    assert loss("a", 200.0, 90.0, best_db=130.0) == LayerLoss("a", 130.0, 90.0)
