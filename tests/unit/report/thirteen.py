"""The sample of 13 variants of six models, of which five fail: three of them by limits of one model."""

from __future__ import annotations

from dataclasses import replace

from pocketfit.records import Latency, Metric, Report, Row
from tests.unit.report.samples import (
    BROKEN,
    EVERYTHING,
    GREW,
    IDENTICAL,
    NEW,
    REMOVED,
    TOUCHED,
    UNSUPPORTED,
    passed,
    side,
)

MOST = "grew most: features.18 (+2.31 MB), features.15 (+1.81 MB), attention.qkv (+900.00 kB)"
SLOWER = "slower, with MACs: +99.7 M (features.18 +31.0 M, features.15 +24.5 M, attention.qkv +12.1 M and 4 more)"
PORTABLE = "XNNPACK takes 62 of 64 operators; left to portable kernels: aten::relu (2)"
TIME = GREW.latency


def _of_classifier(format: str, precision: str, before: int, after: int, **more: object) -> Row:
    base, head = side(before, before - before // 12), side(after, after - after // 12, "bb")
    row = Row("classifier", format, precision, "compared", base=base, head=head, latency=TIME, smoke=passed())
    return replace(row, **more)  # type: ignore[arg-type]


def _grew(facts: tuple[int, int], percent: str) -> str:
    return f"the file grew by {facts[1] - facts[0]:,} B ({percent}), the limit is +5 %"


LITE, SCRIPT, PROGRAM = (13_995_123, 24_383_011), (14_211_507, 24_599_347), (13_994_272, 24_382_112)
FAST = "a run takes \N{MULTIPLICATION SIGN}1.33 as long, at least \N{MULTIPLICATION SIGN}1.29; the limit is +10 %"
FELL = "the metric fell by 0.0172 (0.9812 to 0.9640), the limit is 0.01"
THIRTEEN: Report = replace(
    EVERYTHING,
    rows=(
        _of_classifier(
            *("lite", "fp32", *LITE),
            status="failed",
            reasons=(_grew(LITE, "+74.2 %"), FAST, MOST, SLOWER),
            failed_limits=("size_growth", "latency_growth"),
            metric=Metric(0.9812, 0.9812, 0.9801),
        ),
        _of_classifier(
            *("torchscript", "fp32", *SCRIPT),
            status="failed",
            reasons=(_grew(SCRIPT, "+73.1 %"), FELL, MOST, SLOWER),
            failed_limits=("size_growth", "metric_drop"),
            metric=Metric(0.9812, 0.9812, 0.9640),
        ),
        _of_classifier(
            *("executorch", "fp32", *PROGRAM),
            status="failed",
            reasons=(_grew(PROGRAM, "+74.2 %"), MOST, SLOWER, PORTABLE),
            failed_limits=("size_growth",),
        ),
        _of_classifier("lite", "int8", 3_738_912, 3_741_001, latency=replace(TIME, verdict="same", ratio=1.0)),
        _of_classifier("torchscript", "int8", 3_838_912, 3_841_001, latency=TOUCHED.latency),
        _of_classifier("executorch", "int8", 3_738_912, 3_740_112, latency=Latency("not-measured", "")),
        UNSUPPORTED,
        BROKEN,
        TOUCHED,
        NEW,
        REMOVED,
        replace(IDENTICAL, model=TOUCHED.model, format="torchscript"),
        replace(IDENTICAL, model=TOUCHED.model, format="executorch"),
    ),
)
