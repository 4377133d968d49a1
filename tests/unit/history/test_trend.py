from __future__ import annotations

import pytest

from pocketfit.history.trend import spark, trends
from pocketfit.records import History, Variant
from tests.unit.history.samples import entry, of_sizes, variant


def test_each_variant_over_all_commits() -> None:
    history = History((entry(1, variant(1), variant(7, "old")), entry(2, variant(2, "new"), variant(3))))
    found = {one.variant: one.sizes for one in trends(history)}
    assert found == {
        Variant("new", "lite", "fp32"): (None, 2),
        Variant("net", "lite", "fp32"): (1, 3),
        Variant("old", "lite", "fp32"): (7, None),
    }
    assert [one.model for one in found] == ["new", "net", "old"]
    assert trends(History()) == ()


@pytest.mark.parametrize(
    ("numbers", "bars"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"),
        ([8, None, 1], "█ ▁"),
        ([5, 5, 5], "▄▄▄"),
        ([46_740_000, 46_740_001], "▄▄"),
        ([0, 0], "▄▄"),
        ([None, None], "  "),
        ([], ""),
    ],
)
def test_bars(numbers: list[float | None], bars: str) -> None:
    assert spark(numbers) == bars


def test_bars_of_a_history() -> None:
    (other, net) = trends(of_sizes([10, 20, None]))
    assert (other.variant.model, spark(net.sizes)) == ("other", "▁█ ")
