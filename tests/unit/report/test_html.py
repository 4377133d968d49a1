# ruff: noqa: RUF001
from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pocketfit.records import (
    Anatomy,
    Delegation,
    LayerLoss,
    OperatorTime,
    OperatorTimes,
    OutputParity,
    Parity,
    Report,
    RunsOn,
    RuntimeSize,
)
from pocketfit.report.html import render_html
from pocketfit.report.reasons.entries import address
from tests.unit.report.samples import BROKEN, CALM, EVERYTHING, GREW, IDENTICAL, passed, side
from tests.unit.report.test_markdown import HOSTILE, attacked

VOID = {"meta", "input"}


class Page(HTMLParser):
    """The text of a page without its style and script, one line a block, and its tags without their attributes' values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *(name for name, _ in attrs)]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]) and data.strip():
            self.text.append(" ".join(data.split()))


def test_what_it_says() -> None:
    page = Page(render_html(replace(EVERYTHING, rows=(IDENTICAL, GREW, BROKEN))))
    assert page.open == []
    assert page.text == [
        "Pocketfit: 2 of 3 variants fail",
        "✗",
        "Pocketfit: 2 of 3 variants fail",
        "mobilenet_v2/lite/fp32",
        "(file +40.1 %, latency ×1.33),",
        "detector/torchscript/fp32",
        "(in the build)",
        "Base",
        "27d5ce7f1",
        "→ head",
        "bbbca2dda",
        "· jvm x86_64, 1 thread · pytorch_android_lite 1.12.2",
        "Search",
        "Status",
        "all",
        "failed (2)",
        "identical (1)",
        "Sort by",
        "what matters most",
        "name",
        "size",
        "growth of the file",
        "growth of the latency",
        "Unfold all",
        "Variants",
        "Variant",
        "File",
        "Latency",
        "Check",
        "mobilenet_v2",
        "lite/fp32",
        "#",
        "failed: size_growth, latency_growth",
        "▲ 14.0 → 19.6 MB, +40.1 %",
        "▲ 14.9 ms, ×1.33",
        "2 limits",
        "the file grew by 5,612,345 B (+40.1 %), the limit is +1 %",
        "a run takes ×1.33 as long, at least ×1.29; the limit is +10 %",
        "What to do:",
        "size-limit",
        ",",
        "latency-limit",
        "Details",
        "of mobilenet_v2 lite/fp32",
        "Numbers",
        "File",
        "19.61 MB, +5,612,345 B, +40.1 %",
        "Download",
        "18.00 MB, +5,100,234 B, +39.5 %",
        "Latency on jvm x86_64, 1 thread",
        "11.2 → 14.9 ms, ×1.33, slower, 1.29 to 1.38",
        "On-device check",
        "passed, max diff 2.9e-6, SQNR 108.0 dB, host 118.0 dB",
        "Latency",
        "Time of a run, as a multiple of base's",
        "Base 11.2 ms",
        "Head 14.9 ms, ×1.33, ×1.29 to 1.38",
        "Head against itself, ×0.99 to 1.01",
        "×1.00",
        "×1.10",
        "×1.20",
        "×1.30",
        "×1.40",
        "Timed",
        "8 fresh loads, 320 rounds in an order by seed 7",
        "Timed on",
        "jvm x86_64, 1 thread",
        "Load, fresh",
        "100 → 111 ms",
        "First run, fresh",
        "30.2 → 33.1 ms",
        "Agreement with eager",
        "On the host",
        "max diff 1.1e-6, SQNR 118.0 dB, same argmax in 100 %",
        "On the device",
        "max diff 2.9e-6, SQNR 108.0 dB, same argmax in 100 %",
        "Operators",
        "In the file",
        "70, of 3 kinds",
        "Came and went",
        "Operator",
        "Base",
        "Head",
        "Change",
        "aten::conv2d",
        "52",
        "58",
        "+6",
        "aten::relu",
        "0",
        "2",
        "+2",
        "Memory",
        "Peak memory of the process",
        "151.00 MB",
        "File",
        "SHA-256",
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "Parameters",
        "3,504,872",
        "Device",
        "Device",
        "jvm x86_64 pytorch_android_lite 1.12.2",
        "Load, once",
        "350 ms",
        "First run",
        "30.0 ms",
        "detector",
        "torchscript/fp32",
        "#",
        "failed: in the build",
        "no file, was 48.00 MB",
        "–",
        "in the build",
        "ModuleNotFoundError: No module named 'detector_ops'",
        "What to do:",
        "not-imported",
        "Details",
        "of detector torchscript/fp32",
        "Numbers",
        "File",
        "no file, was 48.00 MB",
        "Download",
        "no file, was 44.00 MB",
        "Latency on jvm x86_64, 1 thread",
        "not measured",
        "On-device check",
        "not run",
        "1 variant is byte-identical to base",
        "Unchanged variants",
        "Variant",
        "File",
        "Latency",
        "Check",
        "resnet18",
        "lite/fp32",
        "#",
        "identical",
        "46.74 MB, same size",
        "–",
        "agrees",
        "Details",
        "of resnet18 lite/fp32",
        "Numbers",
        "File",
        "46.74 MB, unchanged",
        "Download",
        "43.30 MB, unchanged",
        "Latency on jvm x86_64, 1 thread",
        "not measured, identical files are not timed",
        "On-device check",
        "passed, max diff 2.9e-6, SQNR 108.0 dB",
        "Agreement with eager",
        "On the device",
        "max diff 2.9e-6, SQNR 108.0 dB, same argmax in 100 %",
        "Memory",
        "Peak memory of the process",
        "151.00 MB",
        "File",
        "SHA-256",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "Parameters",
        "3,504,872",
        "Device",
        "Device",
        "jvm x86_64 pytorch_android_lite 1.12.2",
        "Load, once",
        "350 ms",
        "First run",
        "30.0 ms",
        "Notes",
        "jvm: no device answered adb, so the Android libraries ran in a desktop JVM; times are not a phone's",
        "Where the numbers come from",
        "Device",
        "Device",
        "jvm",
        "ABI",
        "x86_64",
        "Processor",
        "Intel Xeon Platinum 8481C",
        "Runs on",
        "1 thread",
        "Versions",
        "Pocketfit",
        "0.1.0",
        "Exported with torch",
        "2.12.1",
        "Runtime",
        "pytorch_android_lite 1.12.2",
        "Base",
        "27d5ce7f107fe9357f9df03efb73ab90386fccae",
        "Head",
        "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f",
        "Download: size after DEFLATE, what an app's download grows by.",
        "Latency: base → base times the ratio, over fresh loads; the intervals are 95 % sure for all rows together.",
        "On-device check: outputs of the Android runtime against eager PyTorch.",
        "What eager gives, and with it parity, metric, parameters and operators, is reported by the model's own process; all else was measured apart from it.",
    ]


def test_needs_nothing_else() -> None:
    page = render_html(EVERYTHING)
    assert not re.search(r"<link|<img|@import|url\(| src=| style=| on\w+=", page)
    links = {link for link in re.findall(r' href="(.*?)"', page) if link[0] != "#"}
    assert links == {
        address(kind) for kind in ("size-limit", "latency-limit", "operator-missing", "not-imported", "base-not-built")
    }
    assert links == set(re.findall(r"https?://[^\"]*", page)), "they are followed by hand alone"


def test_the_policy_allows_the_one_style_and_the_one_script_and_nothing_else() -> None:
    page = render_html(EVERYTHING)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_an_empty_report_has_no_tools_and_no_script() -> None:
    page = Page(render_html(replace(CALM, rows=())))
    assert not {"script", "table"} & {tag.split()[0] for tag in page.tags}
    assert page.open == []


def test_every_row_has_an_address_and_every_link_a_row() -> None:
    page = render_html(replace(EVERYTHING, rows=(*EVERYTHING.rows, GREW, replace(GREW, model="a net"))))
    rows = re.findall(r'<tr class="row" id="(.*?)"', page)
    assert len(rows) == len(set(rows)) == len(EVERYTHING.rows) + 2
    assert set(re.findall(r' href="#(.*?)"', page)) == set(rows)
    assert {"mobilenet_v2/lite/fp32", "mobilenet_v2/lite/fp32~2", "a-net-lite-fp32/9ac18809"} <= set(rows)


def test_a_name_of_200_letters_is_whole() -> None:
    page = Page(render_html(replace(EVERYTHING, rows=(replace(GREW, model="n" * 200),))))
    assert page.text.count("n" * 200) == 1
    assert "n" * 200 + "/lite/fp32" in page.text


def test_unchanged_is_open_where_it_is_all_there_is() -> None:
    assert '<details class="unchanged" open>' in render_html(CALM)
    assert '<details class="unchanged">' in render_html(EVERYTHING)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_escapes(text: str) -> None:
    assert Page(render_html(attacked(text))).tags == Page(render_html(attacked("a b"))).tags


def within(text: str) -> Report:
    """What a model's own process can name: its modules, operators, outputs, layers, dtypes and parts of the file."""
    anatomy = Anatomy({text: 1000, "a": 9}, {text: 1}, {text: 1}, macs={text: 5})
    times = OperatorTimes((OperatorTime(text, 1, 1.0),), 2.0, 9, text)
    taken = Delegation(1, 2, {text: 1})
    facts = replace(side(10, 10), anatomy=anatomy, ops={text: 1}, delegation=taken, operator_times=times)
    outputs = (OutputParity(text, 1.0), OutputParity(text, degenerate=text))
    row = replace(
        GREW,
        base=replace(facts, anatomy=Anatomy({"a": 10}), ops={"a": 1}),
        head=facts,
        parity=Parity(1.0, outputs=outputs),
        layer_losses=(LayerLoss(text, 60.0, 5.0),),
        runs_on={text: RunsOn("refused", "run", text, text, (text,))},
        also=(replace(passed(), abi=text, emulated_cpu=text),),
    )
    return replace(EVERYTHING, rows=(row,), runtimes=(RuntimeSize(text, text, 10, 5),))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_escapes_from_within_a_model(text: str) -> None:
    """Whether a tile has its name on it, and on which screens ("text class"), depends on the name's length."""
    page, harmless = Page(render_html(within(text))), Page(render_html(within("a b")))
    assert set(page.tags) <= {*harmless.tags, "text class"}
    assert page.open == []


@pytest.mark.parametrize("said", [1.7e308, -1.7e308])
def test_a_cosine_and_a_share_that_none_can_be_are_shown_within_their_bounds(said: float) -> None:
    """Seed 41089 of the fuzz target job_results: a child said so, and no page was written."""
    page = render_html(replace(CALM, rows=(replace(IDENTICAL, parity=Parity(1e-6, 110.0, said, said)),)))
    assert ("cosine 1, same argmax in 100 %" if said > 0 else "cosine -1, same argmax in 0 %") in page
