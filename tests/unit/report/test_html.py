# ruff: noqa: RUF001
from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pocketfit.records import LayerLoss, OutputParity, Parity
from pocketfit.report.html import render_html
from tests.unit.report.samples import BROKEN, CALM, EVERYTHING, GREW, IDENTICAL
from tests.unit.report.test_markdown import HOSTILE, attacked

VOID = {"meta"}


class Page(HTMLParser):
    """The text of a page without its style, one line a block, and its tags without their attributes' values."""

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
        if self.open[-1:] != ["style"] and data.strip():
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
        "· jvm x86_64, 1 thread · pytorch_android_lite 1.12.2 · Intel Xeon Platinum 8481C · exported with torch 2.12.1 · pocketfit 0.1.0",
        "Variant",
        "File",
        "Download",
        "Latency on jvm x86_64, 1 thread",
        "On-device check",
        "mobilenet_v2/lite/fp32",
        "failed: size_growth, latency_growth",
        "19.61 MB",
        "+5,612,345 B",
        "+40.1 %",
        "18.00 MB",
        "+5,100,234 B",
        "+39.5 %",
        "11.2 → 14.9 ms",
        "×1.33, slower",
        "1.29 to 1.38",
        "passed",
        "max diff 2.9e-6",
        "SQNR 108.0 dB",
        "host 118.0 dB",
        "the file grew by 5,612,345 B (+40.1 %), the limit is +1 %",
        "a run takes ×1.33 as long, at least ×1.29; the limit is +10 %",
        "Details",
        "SHA-256",
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "Parameters",
        "3,504,872",
        "Operators",
        "+6 aten::conv2d, +2 aten::relu",
        "On the host",
        "max diff 1.1e-6, SQNR 118.0 dB, same argmax in 100 %",
        "On the device",
        "max diff 2.9e-6, SQNR 108.0 dB, same argmax in 100 %",
        "Device",
        "jvm x86_64 pytorch_android_lite 1.12.2",
        "Load, once",
        "350 ms",
        "First run",
        "30.0 ms",
        "Peak memory of the process",
        "151.00 MB",
        "Timed",
        "8 fresh loads, 320 rounds in an order by seed 7",
        "Timed on",
        "jvm x86_64, 1 thread",
        "Head against itself",
        "\N{MULTIPLICATION SIGN}0.99 to \N{MULTIPLICATION SIGN}1.01",
        "Load, fresh",
        "100 → 111 ms",
        "First run, fresh",
        "30.2 → 33.1 ms",
        "detector/torchscript/fp32",
        "failed: in the build",
        "no file",
        "was 48.00 MB",
        "no file",
        "was 44.00 MB",
        "not measured",
        "not run",
        "ModuleNotFoundError: No module named 'detector_ops'",
        "1 variant is byte-identical to base",
        "Variant",
        "File",
        "Download",
        "Latency on jvm x86_64, 1 thread",
        "On-device check",
        "resnet18/lite/fp32",
        "identical",
        "46.74 MB",
        "unchanged",
        "43.30 MB",
        "unchanged",
        "not measured",
        "identical files are not timed",
        "passed",
        "max diff 2.9e-6",
        "SQNR 108.0 dB",
        "Details",
        "SHA-256",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "Parameters",
        "3,504,872",
        "On the device",
        "max diff 2.9e-6, SQNR 108.0 dB, same argmax in 100 %",
        "Device",
        "jvm x86_64 pytorch_android_lite 1.12.2",
        "Load, once",
        "350 ms",
        "First run",
        "30.0 ms",
        "Peak memory of the process",
        "151.00 MB",
        "jvm: no device answered adb, so the Android libraries ran in a desktop JVM; times are not a phone's",
        "Download: size after DEFLATE, what an app's download grows by.",
        "Latency: base → base times the ratio, over fresh loads; the intervals are 95 % sure for all rows together.",
        "On-device check: outputs of the Android runtime against eager PyTorch.",
        "What eager gives, and with it parity, metric, parameters and operators, is reported by the model's own process; "
        "all else was measured apart from it.",
    ]


def test_needs_nothing_else() -> None:
    page = render_html(EVERYTHING)
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://| src=| href=", page)
    assert "default-src 'none'" in page


def test_unchanged_is_open_where_it_is_all_there_is() -> None:
    assert '<details class="unchanged" open>' in render_html(CALM)
    assert '<details class="unchanged">' in render_html(EVERYTHING)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_escapes(text: str) -> None:
    assert Page(render_html(attacked(text))).tags == Page(render_html(attacked("a b"))).tags


@pytest.mark.parametrize(
    ("cosine", "said"), [(1.0, "1"), (1 - 1e-9, "over 0.999999"), (0.9876543, "0.987654"), (-0.5, "-0.5")]
)
def test_parity_of_each_output(cosine: float, said: str) -> None:
    outputs = (OutputParity("[0]", 1e-3, 40.0, cosine, 0.5), OutputParity("[1]", 0.0, degenerate="is all zeros"))
    page = Page(render_html(replace(CALM, rows=(replace(IDENTICAL, parity=Parity(1e-3, 40.0, 0.5, 1.0, outputs, 4)),))))
    at = page.text.index("On the host")
    assert page.text[at : at + 6] == [
        "On the host",
        "max diff 1.0e-3, SQNR 40.0 dB, cosine 1, same argmax in 50 % (the worst of 4 sets of inputs)",
        "output [0]",
        f"max diff 1.0e-3, SQNR 40.0 dB, cosine {said}, same argmax in 50 %",
        "output [1]",
        "is all zeros",
    ]


@pytest.mark.parametrize("said", [1.7e308, -1.7e308])
def test_a_cosine_and_a_share_that_none_can_be_are_shown_within_their_bounds(said: float) -> None:
    """Seed 41089 of the fuzz target job_results: a child said so, and no page was written."""
    page = render_html(replace(CALM, rows=(replace(IDENTICAL, parity=Parity(1e-6, 110.0, said, said)),)))
    assert ("cosine 1, same argmax in 100 %" if said > 0 else "cosine -1, same argmax in 0 %") in page


def test_the_layers_to_blame_are_a_table_of_their_own() -> None:
    layers = (LayerLoss("features.<b>3", 60.0, 5.25), LayerLoss("head", 12.0, -100.0))
    page = Page(render_html(replace(EVERYTHING, rows=(replace(BROKEN, layer_losses=layers), GREW))))
    start = page.text.index("SQNR against eager by layer, the worst first")
    assert page.text.count("SQNR against eager by layer, the worst first") == 1
    assert page.text[start + 1 : start + 10] == [
        *("Layer", "Before it", "After it"),
        *("features.<b>3", "60.0 dB", "5.2 dB"),
        *("head", "12.0 dB", "-100.0 dB"),
    ]
