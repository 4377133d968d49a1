from __future__ import annotations

from pocketfit.records import History
from pocketfit.report.terminal.trend import render_trends
from tests.unit.history.samples import entry, variant


def test_a_line_for_each_variant() -> None:
    history = History(
        (
            entry(1, variant(46_000_000, "resnet18"), variant(10, "gone")),
            entry(2, variant(46_500_000, "resnet18"), variant(10, "gone")),
            entry(3, variant(47_000_000, "resnet18"), variant(5_000, "new")),
        )
    )
    assert list(render_trends(history)) == [
        "3 commits, from 000000000 (2026-09-22) to 000000000 (2026-09-24)",
        "resnet18/lite/fp32     47.00 MB  +2.2 %  ▁▅█",
        "new/lite/fp32           5.00 kB            ▄",
        "gone/lite/fp32 (gone)      10 B    ±0 %  ▄▄",
    ]


def test_one_commit() -> None:
    assert list(render_trends(History((entry(1),)))) == [
        "1 commit: 000000000 (2026-09-22)",
        "net/lite/fp32  1.00 kB    ▄",
    ]
