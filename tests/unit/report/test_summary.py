from __future__ import annotations

from dataclasses import replace

import pytest

from pocketfit.records import Environment, Hardware, Latency, Report, Row, Smoke
from pocketfit.report.summary import Headline, changed_rows, headline, surroundings
from pocketfit.text import clean
from tests.unit.report.samples import (
    BROKEN,
    CALM,
    EVERYTHING,
    GREW,
    IDENTICAL,
    NEW,
    REMOVED,
    SKIPPED,
    TOUCHED,
    UNSUPPORTED,
    side,
)

TIMES = "\N{MULTIPLICATION SIGN}"
SHRUNK = replace(TOUCHED, model="shrunk", base=side(200, 100), head=side(100, 50))
FASTER = replace(
    TOUCHED,
    model="faster",
    base=side(9, 9),
    head=side(9, 9),
    latency=Latency("faster", "", 0.2, 0.1, 0.3, 10.0, 2.0, 9),
)
UNTRIED = replace(TOUCHED, smoke=Smoke("skipped", "no device was used"))


def report(*rows: Row, verdict: str = "pass") -> Report:
    return replace(CALM, verdict=verdict, rows=rows)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (report(IDENTICAL, IDENTICAL), Headline("good", "nothing changed on the phone, 2 variants identical")),
        (report(IDENTICAL, replace(NEW, smoke=IDENTICAL.smoke)), Headline("good", "2 variants pass, 1 new")),
        (report(IDENTICAL, SKIPPED), Headline("good", "1 variant passes, 1 skipped")),
        (report(IDENTICAL, REMOVED), Headline("good", "1 variant passes, 1 removed")),
        (
            report(TOUCHED),
            Headline("good", "1 variant passes", "largest change: ", (("two_inputs/lite/fp32", "+1 B, <0.1 %"),)),
        ),
        (
            report(TOUCHED, FASTER),
            Headline(
                "good",
                "2 variants pass",
                "largest change: ",
                (("faster/lite/fp32", f"same size, faster {TIMES}0.20"),),
            ),
        ),
        (
            report(UNTRIED, IDENTICAL),
            Headline(
                "unknown",
                "2 variants built, 1 not run on a device",
                "largest change: ",
                (("two_inputs/lite/fp32", "+1 B, <0.1 %"),),
            ),
        ),
        (report(NEW), Headline("unknown", "1 variant built, none run on a device, 1 new")),
        (report(NEW, verdict="error"), Headline("unknown", "the device could not check 1 variant")),
        (report(SKIPPED, SKIPPED), Headline("unknown", "nothing was checked, 2 skipped")),
        (report(), Headline("unknown", "nothing was checked")),
        (report(IDENTICAL, verdict="fail"), Headline("bad", "the verdict is fail")),
        (
            report(GREW, verdict="fail"),
            Headline(
                "bad",
                "1 of 1 variant fails",
                "",
                (("mobilenet_v2/lite/fp32", "file +40.1 %, latency \N{MULTIPLICATION SIGN}1.33"),),
            ),
        ),
        (
            report(BROKEN, UNSUPPORTED, GREW, replace(BROKEN, model="zzz"), IDENTICAL, verdict="fail"),
            Headline(
                "bad",
                "4 of 5 variants fail",
                "",
                (
                    ("mobilenet_v2/lite/fp32", "file +40.1 %, latency \N{MULTIPLICATION SIGN}1.33"),
                    ("vit_b_16/lite/fp32", "on jvm"),
                    ("detector/torchscript/fp32", "in the build"),
                ),
                more=1,
            ),
        ),
    ],
)
def test_headline(given: Report, expected: Headline) -> None:
    assert headline(given) == expected


def test_what_matters_most_comes_first() -> None:
    rows = (REMOVED, NEW, SKIPPED, TOUCHED, IDENTICAL, SHRUNK, FASTER, GREW, BROKEN)
    assert [row.model for row in changed_rows(replace(EVERYTHING, rows=rows))] == [
        "mobilenet_v2",
        "detector",
        "faster",
        "shrunk",
        "two_inputs",
        "segmenter",
        "old_net",
        "resnet18",
    ]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\nb\r\n\tc", "a b c"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("left\u202eright\u200b\u2066\ufeff", "leftright"),
        ("lone \udc80", "lone"),
        ("##[error]x", "## [error]x"),
        ("übung 模型", "übung 模型"),
        ("x" * 500, "x" * 399 + "…"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


PHONE = Environment(
    "2.12.1",
    "adb",
    "pytorch_android_lite 1.12.2",
    "Pixel 8",
    "arm64-v8a",
    1,
    Hardware("Pixel 8", "15", 35, 16384, 9, 10**9),
)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            PHONE,
            "adb arm64-v8a, 1 thread · pytorch_android_lite 1.12.2 · Pixel 8 · Android 15 (API level 35) · 9 cores · "
            "pages of 16 kB · exported with torch 2.12.1 · pocketfit 0.1.0",
        ),
        (
            replace(PHONE, hardware=Hardware("Pixel 8", None, 35, None, 1, 10**9)),
            "adb arm64-v8a, 1 thread · pytorch_android_lite 1.12.2 · Pixel 8 · API level 35 · 1 core · "
            "exported with torch 2.12.1 · pocketfit 0.1.0",
        ),
        (
            Environment("2.12.1", None, None, None, sandbox="own user, Landlock ABI 7"),
            "no device · exported with torch 2.12.1 · sandbox: own user, Landlock ABI 7 · pocketfit 0.1.0",
        ),
        (Environment("2.12.1", None, None, None), "no device · exported with torch 2.12.1 · pocketfit 0.1.0"),
    ],
)
def test_surroundings(environment: Environment, expected: str) -> None:
    assert " · ".join(surroundings(replace(report(), environment=environment))) == expected
