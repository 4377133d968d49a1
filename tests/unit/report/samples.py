"""Reports to render: one with every kind of row, and one whose every text is hostile."""

from __future__ import annotations

from pocketfit.records import Environment, Latency, Parity, Report, Row, SideFacts, Smoke

ENVIRONMENT = Environment(
    torch="2.12.1",
    device="jvm",
    runtime="pytorch_android_lite 1.12.2",
    cpu="Intel Xeon Platinum 8481C",
    abi="x86_64",
    threads=1,
)
BASE = "27d5ce7f107fe9357f9df03efb73ab90386fccae"
HEAD = "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"


def side(size: int, download: int, sha: str = "aa", **ops: int) -> SideFacts:
    return SideFacts(size, download, sha * 32, 3_504_872, {f"aten::{op}": count for op, count in ops.items()})


def passed(max_abs_diff: float = 2.9e-6, sqnr_db: float = 108.04) -> Smoke:
    return Smoke(
        "passed",
        "",
        "jvm",
        "x86_64",
        "pytorch_android_lite 1.12.2",
        load_ms=350.0,
        first_ms=30.0,
        peak_rss_bytes=151_000_000,
        parity=Parity(max_abs_diff, sqnr_db, 1.0),
    )


GREW = Row(
    "mobilenet_v2",
    "lite",
    "fp32",
    "failed",
    reasons=(
        "the file grew by 5,612,345 B (+40.1 %), the limit is +1 %",
        "a run takes \N{MULTIPLICATION SIGN}1.33 as long, at least \N{MULTIPLICATION SIGN}1.29; the limit is +10 %",
    ),
    failed_limits=("size_growth", "latency_growth"),
    base=side(13_995_123, 12_901_000, "aa", conv2d=52, add=10),
    head=side(19_607_468, 18_001_234, "bb", conv2d=58, add=10, relu=2),
    parity=Parity(1.1e-6, 118.0, 1.0),
    latency=Latency(
        "slower",
        "",
        1.332,
        1.291,
        1.381,
        11.21,
        14.93,
        320,
        8,
        0.9875,
        0.991,
        1.012,
        100.4,
        110.6,
        30.2,
        33.1,
        "jvm x86_64",
        1,
        7,
    ),
    smoke=passed(),
)
UNSUPPORTED = Row(
    "vit_b_16",
    "lite",
    "fp32",
    "failed",
    reasons=(
        "on jvm: aten::scaled_dot_product_attention is not in pytorch_android_lite 1.12.2",
        "base: it fails on this runtime too: aten::scaled_dot_product_attention is not in pytorch_android_lite 1.12.2",
    ),
    base=side(346_000_000, 320_000_000),
    head=side(346_000_001, 320_000_000, "bb"),
    latency=Latency("not-measured", "head fails"),
    smoke=Smoke("failed", "aten::scaled_dot_product_attention is not in pytorch_android_lite 1.12.2", "jvm", "x86_64"),
)
BROKEN = Row(
    "detector",
    "torchscript",
    "fp32",
    "failed",
    reasons=("ModuleNotFoundError: No module named 'detector_ops'",),
    base=side(48_000_000, 44_000_000),
    latency=Latency("not-measured", "there is no artifact of head"),
    smoke=Smoke("skipped", "there is no artifact of head"),
)
TOUCHED = Row(
    "two_inputs",
    "lite",
    "fp32",
    "compared",
    reasons=("TracerWarning: converting a tensor to a Python boolean might make the trace wrong (model.py:12)",),
    base=side(1_234, 999),
    head=side(1_235, 999, "bb"),
    latency=Latency("unclear", "", 1.01, 0.94, 1.09, 0.1021, 0.1034, 40),
    smoke=passed(0.0, 300.0),
)
NEW = Row(
    "segmenter",
    "lite",
    "int8",
    "new",
    head=side(6_100_000, 4_900_000),
    latency=Latency("not-measured", "there is no base to time it against"),
    smoke=Smoke("infra-error", "adb: device offline", "adb", "arm64-v8a"),
)
REVIVED = Row(
    "depth",
    "lite",
    "fp32",
    "new",
    reasons=("base: RuntimeError: shapes do not fit",),
    head=side(999_999, 900_000),
    latency=Latency("not-measured", "there is no base to time it against"),
    smoke=passed(),
)
REMOVED = Row(
    "old_net",
    "lite",
    "fp32",
    "removed",
    base=side(9_000_000, 8_000_000),
    latency=Latency("not-measured", "head does not have it"),
    smoke=Smoke("skipped", "head does not have it"),
)
SKIPPED = Row(
    "resnet18",
    "executorch",
    "fp32",
    "skipped",
    reasons=("executorch is not installed",),
    latency=Latency("not-measured", "there is no artifact of head"),
    smoke=Smoke("skipped", "there is no artifact of head"),
)
IDENTICAL = Row(
    "resnet18",
    "lite",
    "fp32",
    "identical",
    base=side(46_740_000, 43_300_000),
    head=side(46_740_000, 43_300_000),
    latency=Latency("not-measured", "identical files are not timed"),
    smoke=passed(),
)

EVERYTHING = Report(
    "fail",
    BASE,
    HEAD,
    "0.1.0",
    ENVIRONMENT,
    rows=(IDENTICAL, TOUCHED, NEW, GREW, REVIVED, BROKEN, SKIPPED, UNSUPPORTED, REMOVED),
    notes=("jvm: no device answered adb, so the Android libraries ran in a desktop JVM; times are not a phone's",),
)
CALM = Report("pass", BASE, HEAD, "0.1.0", ENVIRONMENT, rows=(IDENTICAL,))
