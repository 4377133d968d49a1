# ruff: noqa: RUF001
from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Latency, LayerLoss
from pocketfit.report.page.interval import Plot, Span, latency_plot, layers_plot, ticks
from tests.unit.report.samples import GREW, TOUCHED

ALONE = Latency("not-measured", head_ms=4.2, head_low_ms=3.9, head_high_ms=4.6)


def test_base_and_head_stand_on_one_axis_with_the_noise() -> None:
    """The axis goes from 0.991 to 1.381, and 8 % of that further on both sides."""
    assert latency_plot(GREW.latency) == Plot(
        "Time of a run, as a multiple of base's",
        (
            Span("Base 11.2 ms", "", "", "8.9", "quiet"),
            Span("Head 14.9 ms, ×1.33, ×1.29 to 1.38", "73.2", "19.9", "82.3", "worse"),
            Span("Head against itself, ×0.99 to 1.01", "6.9", "4.6", "", "quiet"),
        ),
        (("8.9", "×1.00"), ("31", "×1.10"), ("53.1", "×1.20"), ("75.2", "×1.30"), ("97.3", "×1.40")),
        "8.9",
    )


def test_an_unclear_answer_has_an_interval_and_no_point() -> None:
    plot = latency_plot(replace(TOUCHED.latency, ratio=None, head_ms=None))
    assert plot
    assert [(span.text, bool(span.width), bool(span.point)) for span in plot.spans] == [
        ("Base 0.102 ms", False, True),
        ("Head, ×0.94 to 1.09", True, False),
    ]


def test_head_alone_is_in_milliseconds() -> None:
    plot = latency_plot(ALONE)
    assert plot
    assert (plot.title, plot.mark) == ("Time of a run, in ms", "")
    assert plot.spans == (Span("Head 4.20 ms, 3.90 to 4.60 ms", "6.9", "86.2", "43.8"),)
    assert [number for _, number in plot.ticks] == ["4.00", "4.20", "4.40", "4.60"]
    assert latency_plot(replace(ALONE, head_low_ms=None)) is not None


@pytest.mark.parametrize(
    "latency",
    [
        Latency("not-measured", "the device is gone"),
        Latency("slower", ratio=float("inf"), ci_low=1.0, ci_high=2.0),
        Latency("slower", ratio=1e300, ci_low=1.0, ci_high=2.0),
        Latency("unclear"),
    ],
)
def test_what_was_not_measured_is_not_drawn(latency: Latency) -> None:
    assert latency_plot(latency) is None


@pytest.mark.parametrize("ratio", [1.0, 0.0, 1e-300, -1.0, 1e11])
def test_a_lone_number_stands_in_the_middle(ratio: float) -> None:
    plot = latency_plot(Latency("same", ratio=ratio))
    assert plot
    assert [span.point for span in plot.spans] == ["50"]


def test_layers() -> None:
    plot = layers_plot([LayerLoss("features.3", 60.0, 5.0), LayerLoss("", 10.0, 12.0)])
    assert plot
    assert [(span.text, span.tone) for span in plot.spans] == [
        ("features.3: 60.0 dB to 5.0 dB", "worse"),
        ("the model's own: 10.0 dB to 12.0 dB", "quiet"),
    ]
    assert layers_plot([]) is None


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [(0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0.97, 1.04, [0.98, 1, 1.02, 1.04]), (-7, 61, [0, 20, 40, 60])],
)
def test_ticks_are_round(least: float, most: float, expected: list[float]) -> None:
    assert ticks(least, most) == pytest.approx(expected)
