from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from pocketfit.cli.watching import LiveTable, PlainLines
from pocketfit.progress import Phase, Progress

BUILD = Progress("build", "head", "net/lite/fp32", "importing torch", of=12)
PACKAGES = Progress("packages", "head", "requirements-mobile.txt", "installing")
TIMING = Progress("time", None, "net/lite/fp32", "timing base and head in turn on jvm x86_64", of=3)


def printed(*events: Progress) -> list[str]:
    lines: list[str] = []
    plain = PlainLines(lines.append)
    for event in events:
        plain(event)
    return lines


def after(event: Progress, *seconds: float, stage: str = "") -> list[Progress]:
    return [replace(event, elapsed_s=elapsed_s, stage=stage or event.stage) for elapsed_s in seconds]


def test_what_ended_is_one_line_with_its_name_and_a_count() -> None:
    base = replace(BUILD, side="base", state="done", stage="4.54 kB", elapsed_s=3.21)
    failed = replace(BUILD, state="failed", stage="failed: net.py can't be imported", elapsed_s=2.0)
    skipped = replace(BUILD, name="net/lite/fp16", state="done", stage="skipped: no half-precision kernels")
    assert printed(base, failed, skipped) == [
        "base net/lite/fp32: 4.54 kB (3.2 s, 1 of 12)",
        "head net/lite/fp32: failed: net.py can't be imported (2.0 s, 2 of 12)",
        "head net/lite/fp16: skipped: no half-precision kernels (3 of 12)",
    ]


def test_a_quick_build_has_no_line_before_its_end() -> None:
    assert printed(BUILD, *after(BUILD, 1, 2, 3, 4, 4.9)) == []


def test_a_slow_one_has_a_line_every_five_seconds_and_later_every_thirty() -> None:
    lines = printed(BUILD, *after(BUILD, *range(1, 125)))
    assert lines == [f"head net/lite/fp32: importing torch, {seconds} s" for seconds in (*range(5, 60, 5), 85, 115)]


def test_what_takes_long_says_so_at_once() -> None:
    at = "installing (pip: Collecting torchaudio)"
    assert printed(PACKAGES, *after(PACKAGES, 1, 4, 6, stage=at)) == [
        "head requirements-mobile.txt: installing",
        "head requirements-mobile.txt: installing (pip: Collecting torchaudio), 6 s",
    ]
    at = "timing, load 5 of at most 24"
    assert printed(TIMING, *after(TIMING, 5, stage=at)) == [
        "net/lite/fp32: timing base and head in turn on jvm x86_64",
        "net/lite/fp32: timing, load 5 of at most 24, 5 s",
    ]


def test_a_device_that_is_tried_after_another_counts_nothing_twice() -> None:
    done = replace(BUILD, phase="try", state="done", stage="passed on jvm", of=1)
    assert printed(done, done) == ["head net/lite/fp32: passed on jvm (1 of 1)"] * 2


def drawn(table: LiveTable, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def table_of(*events: Progress) -> tuple[LiveTable, list[str]]:
    lines: list[str] = []
    table = LiveTable(PlainLines(lines.append), clock=lambda: 100.0)
    for event in events:
        table(event)
    return table, lines


def test_the_table_has_what_is_worked_on_and_lines_what_ended() -> None:
    base = replace(BUILD, side="base", name="classifier/torchscript/fp32", stage="tracing", elapsed_s=65)
    table, lines = table_of(
        base,
        replace(BUILD, elapsed_s=8),
        replace(BUILD, name="old/lite/fp32", state="done", stage="5.52 kB", elapsed_s=3),
    )
    assert lines == ["head old/lite/fp32: 5.52 kB (3.0 s, 1 of 12)"]
    assert drawn(table, 80) == [
        "base  classifier/torchscript/fp32       tracing                             1:05",
        "head  net/lite/fp32                     importing torch                     0:08",
        "building: 1 of 12 done",
    ]
    table(replace(base, state="failed", stage="failed: KeyError"))
    assert [line[:19] for line in drawn(table, 80)] == ["head  net/lite/fp32", "building: 2 of 12 d"]
    table(replace(BUILD, state="done", stage="4.54 kB"))
    assert drawn(table, 80) == []


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("phase", ["packages", "build", "try", "time"])
def test_no_word_of_the_table_is_cut_or_broken(width: int, phase: Phase) -> None:
    name = "mobilenet_v3_large/executorch/int8-dynamic"
    stage = (
        "installing (pip: Downloading torchaudio-2.9.0-cp311-cp311-linux_x86_64.whl from example.org/simple/torchaudio)"
    )
    table, _ = table_of(Progress(phase, "head", name, stage, of=200))
    lines = drawn(table, width)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    assert {"mobilenet_v3_large/", "executorch/int8-dynamic", "installing", "Downloading"} <= set(words)
    # Two columns are side by side, so that a long file's name is the only word that may take two lines.
    assert "200" in lines[-1]


def test_timing_is_of_both_sides() -> None:
    table, _ = table_of(replace(TIMING, stage="timing, load 5 of at most 24", elapsed_s=31))
    assert drawn(table, 80)[0].split() == [
        "both", "net/lite/fp32", "timing,", "load", "5", "of", "at", "most", "24", "0:31",
    ]  # fmt: skip
