# ruff: noqa: RUF001
from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from pocketfit.config.model_lines import ConfigLines
from pocketfit.records import Environment, Hardware, Latency, Report, Row, Smoke
from pocketfit.report.markdown import Job, code, escape, render_markdown
from tests.unit.report.samples import CALM, EVERYTHING, GREW, IDENTICAL, TOUCHED, passed

EXPECTED = """\
❌ **Pocketfit: 3 of 8 variants fail, 1 new, 1 removed**: `mobilenet_v2/lite/fp32` (file +40.1 %, latency ×1.33), `vit_b_16/lite/fp32` (on jvm), `detector/torchscript/fp32` (in the build)

| Model | Variant | File | Latency | Check |
|:--|:--|:--|:--|:--|
| **`mobilenet_v2`** | `lite/fp32` | **▲ 14.0 → 19.6 MB, +40.1 %** | **▲ 14.9 ms, ×1.33** | ❌ **2 limits** |
| **`vit_b_16`** | `lite/fp32` | ▲ 346 MB +1 B, &#60;0.1 % | – | ❌ **on jvm** |
| **`detector`** | `torchscript/fp32` | no file, was 48.00 MB | – | ❌ **in the build** |
| **`two_inputs`** | `lite/fp32` | ▲ 1.23 → 1.24 kB, &#60;0.1 % | unclear, ×0.94 to 1.09 | ✅ |
| **`depth`** | `lite/fp32` | new, 1.00 MB | – | ✅ |
| **`segmenter`** | `lite/int8` | new, 6.10 MB | – | ⚠️ not run |
| **`old_net`** | `lite/fp32` | removed, was 9.00 MB | – | – |
| **`resnet18`** | `executorch/fp32` | no file | – | – |

1 variant is byte-identical to base.

- ❌ `mobilenet_v2/lite/fp32` ([size-limit](https://github.com/pocketfit/pocketfit/blob/main/docs/troubleshooting.md#size-limit), [latency-limit](https://github.com/pocketfit/pocketfit/blob/main/docs/troubleshooting.md#latency-limit)): the file grew by 5,612,345 B (+40.1 %), the limit is +1 %; a run takes ×1.33 as long, at least ×1.29; the limit is +10 %
- ❌ `vit_b_16/lite/fp32` ([operator-missing](https://github.com/pocketfit/pocketfit/blob/main/docs/troubleshooting.md#operator-missing)): on jvm: aten::scaled_dot_product_attention is not in pytorch_android_lite 1.12.2; base: it fails on this runtime too: aten::scaled_dot_product_attention is not in pytorch_android_lite 1.12.2
- ❌ `detector/torchscript/fp32` ([not-imported](https://github.com/pocketfit/pocketfit/blob/main/docs/troubleshooting.md#not-imported)): ModuleNotFoundError: No module named 'detector_ops'

If this growth is meant to be so: `pocketfit accept`, after a `pocketfit run` or with this run's report.json, raises `size_growth` under <code>&#91;models.mobilenet&#95;v2.limits&#93;</code>; with `--until DATE` only for a while.

<details>
<summary>All numbers, reasons and notes</summary>

Base `27d5ce7f1` → head `bbbca2dda` · jvm x86_64, 1 thread · pytorch_android_lite 1.12.2 · Intel Xeon Platinum 8481C · exported with torch 2.12.1 · pocketfit 0.1.0

| Variant | File | Download | Latency on<br>jvm x86_64, 1 thread | On-device check |
|:--|--:|--:|--:|:--|
| ❌ `mobilenet_v2/lite/fp32`<br>**failed: size_growth**<br>**latency_growth** | **19.61 MB**<br>**+5,612,345 B**<br>**+40.1 %** | 18.00 MB<br>+5,100,234 B<br>+39.5 % | **11.2 → 14.9 ms**<br>**×1.33, slower**<br>**1.29 to 1.38** | passed<br>max diff 2.9e-6<br>SQNR 108.0 dB<br>host 118.0 dB |
| ❌ `vit_b_16/lite/fp32`<br>**failed: on jvm** | 346.00 MB<br>+1 B<br>&#60;0.1 % | 320.00 MB<br>same size | not measured<br>head fails | **failed** |
| ❌ `detector/torchscript/fp32`<br>**failed: in the build** | no file<br>was 48.00 MB | no file<br>was 44.00 MB | not measured | not run |
| `two_inputs/lite/fp32`<br>changed | 1.24 kB<br>+1 B<br>&#60;0.1 % | 999 B<br>same size | base 0.102 ms<br>unclear: between<br>×0.94 and ×1.09 | passed<br>max diff 0<br>SQNR exact |
| `depth/lite/fp32`<br>new<br>base has no artifact | 1.00 MB | 900.00 kB | not measured | passed<br>max diff 2.9e-6<br>SQNR 108.0 dB |
| `segmenter/lite/int8`<br>new | 6.10 MB | 4.90 MB | not measured | not run<br>device problem |
| `old_net/lite/fp32`<br>removed | removed<br>was 9.00 MB | removed<br>was 8.00 MB | not measured | not run |
| `resnet18/executorch/fp32`<br>skipped | no file | no file | not measured | not run |

- `two_inputs/lite/fp32`: TracerWarning: converting a tensor to a Python boolean might make the trace wrong (model.py:12)
- `depth/lite/fp32` ([base-not-built](https://github.com/pocketfit/pocketfit/blob/main/docs/troubleshooting.md#base-not-built)): base: RuntimeError: shapes do not fit
- `resnet18/executorch/fp32`: executorch is not installed

Byte-identical to base:

| Variant | File | Download | Latency on<br>jvm x86_64, 1 thread | On-device check |
|:--|--:|--:|--:|:--|
| `resnet18/lite/fp32`<br>identical | 46.74 MB<br>unchanged | 43.30 MB<br>unchanged | not measured<br>identical files are not timed | passed<br>max diff 2.9e-6<br>SQNR 108.0 dB |

Notes:
- jvm: no device answered adb, so the Android libraries ran in a desktop JVM; times are not a phone's

<sub>Download: size after DEFLATE, what an app's download grows by. Latency: base → base times the ratio, over fresh loads; the intervals are 95 % sure for all rows together. On-device check: outputs of the Android runtime against eager PyTorch. What eager gives, and with it parity, metric, parameters and operators, is reported by the model's own process; all else was measured apart from it.</sub>

</details>

<sub>`27d5ce7f1` → `bbbca2dda` · jvm x86_64, 1 thread</sub>
"""


def test_every_kind_of_row() -> None:
    assert render_markdown(EVERYTHING) == EXPECTED


def test_nothing_changed() -> None:
    assert (
        render_markdown(CALM)
        == """\
✅ **Pocketfit: nothing changed on the phone, 1 variant identical**

<details>
<summary>All numbers, reasons and notes</summary>

Base `27d5ce7f1` → head `bbbca2dda` · jvm x86_64, 1 thread · pytorch_android_lite 1.12.2 · Intel Xeon Platinum 8481C · exported with torch 2.12.1 · pocketfit 0.1.0

Byte-identical to base:

| Variant | File | Download | Latency on<br>jvm x86_64, 1 thread | On-device check |
|:--|--:|--:|--:|:--|
| `resnet18/lite/fp32`<br>identical | 46.74 MB<br>unchanged | 43.30 MB<br>unchanged | not measured<br>identical files are not timed | passed<br>max diff 2.9e-6<br>SQNR 108.0 dB |

<sub>Download: size after DEFLATE, what an app's download grows by. Latency: base → base times the ratio, over fresh loads; the intervals are 95 % sure for all rows together. On-device check: outputs of the Android runtime against eager PyTorch. What eager gives, and with it parity, metric, parameters and operators, is reported by the model's own process; all else was measured apart from it.</sub>

</details>

<sub>`27d5ce7f1` → `bbbca2dda` · jvm x86_64, 1 thread</sub>
"""
    )


def test_no_baseline_and_no_device() -> None:
    row = replace(
        IDENTICAL,
        status="new",
        base=None,
        smoke=Smoke("skipped", "no device was used"),
        latency=Latency("not-measured"),
    )
    bare = Environment("2.12.1", None, None, None)
    report = replace(CALM, base=None, head=None, environment=bare, rows=(row,), notes=("no device was used",))
    assert (
        render_markdown(report)
        == """\
⚠️ **Pocketfit: 1 variant built, none run on a device**

| Model | Variant | File | Latency | Check |
|:--|:--|:--|:--|:--|
| **`resnet18`** | `lite/fp32` | 46.74 MB | – | ⚠️ not run |

<details>
<summary>All numbers, reasons and notes</summary>

No baseline to compare the working tree with · no device · exported with torch 2.12.1 · pocketfit 0.1.0

| Variant | File | Download | Latency | On-device check |
|:--|--:|--:|--:|:--|
| `resnet18/lite/fp32`<br>no baseline | 46.74 MB | 43.30 MB | not measured | not run<br>no device was used |

Notes:
- no device was used

<sub>Download: size after DEFLATE, what an app's download grows by. On-device check: outputs of the Android runtime against eager PyTorch. What eager gives, and with it parity, metric, parameters and operators, is reported by the model's own process; all else was measured apart from it.</sub>

</details>
"""
    )


class Page(HTMLParser):
    """The tags of a page in order, and its text outside code, where GitHub looks for mentions and links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.prose: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *(f"{name}={value}" for name, value in attrs)]))
        self.open = tag

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        self.open = ""

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"comment {data}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self.open != "code":
            self.prose.append(data)


def rendered(text: str) -> Page:
    """As GitHub renders it: CommonMark with HTML, tables and strikethrough."""
    return Page(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


HOSTILE = [
    "<script>alert(1)</script>",
    "</code></td></table><h1>Approved</h1>",
    "</details><!-- pocketfit:default -->",
    "<img src=x onerror=alert(1)>",
    "@everyone cc @org/team",
    "fixes #1, org/repo#2, GH-3, gh-4",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png)",
    "https://evil.example www.evil.example HTTP://EVIL.EXAMPLE mailto:a@evil.example",
    "a | b || c \\| d \\",
    "`` ` ``` code `",
    "**bold** __bold__ *it* _it_ ~~gone~~ $x^2$",
    "line\n\n# heading\n\n- item\n\n    code\n> quote\n---\n| a |\n|---|",
    "\r\n::error file=x::pwned",
    "::set-output name=verdict::pass",
    "##[error]pwned",
    "&lt;b&gt; &#64;everyone &amp;",
    "\x1b[31mred\x1b[0m \u202eright to left \u200b \x00",
    "[ref]: http://evil.example",
    "\\`x\\` \\<b\\>",
    "e" * 5000,
    "- item",
    "---",
    "1. item",
    "2) item",
    "+ item",
    "===",
    ":+1: :shipit:",
]


def attacked(text: str) -> Report:
    """Every string that could come from a pull request, a snapshot or a device."""
    smoke = replace(passed(), device=text, abi=text, runtime=text, reason=text)
    rows = (
        replace(
            GREW, model=text, format=text, precision=text, reasons=(text, text), failed_limits=(text,), smoke=smoke
        ),
        replace(
            TOUCHED, model=text, reasons=(text,), latency=Latency("not-measured", text), smoke=Smoke("skipped", text)
        ),
        replace(IDENTICAL, model=text, reasons=(text,), latency=Latency("not-measured", text)),
    )
    environment = Environment(text, text, text, text, text, 1, Hardware(text, text, 33, 4096, 2))
    return replace(EVERYTHING, base=text, head=text, pocketfit=text, environment=environment, rows=rows, notes=(text,))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_escapes(text: str) -> None:
    """The page has the tags it has for harmless text, whatever the text is; nobody is mentioned, nothing is linked."""
    page, harmless = rendered(render_markdown(attacked(text))), rendered(render_markdown(attacked("a b")))
    assert page.tags == harmless.tags
    prose = "\n".join(page.prose)
    found = re.search(r"@\w|#\d|\bgh-\d|://|\bwww\.|\x1b|\u202e", prose, re.IGNORECASE)
    assert found is None, found


@pytest.mark.parametrize("text", HOSTILE)
def test_no_line_speaks_to_the_runner(text: str) -> None:
    for line in render_markdown(attacked(text)).splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


@pytest.mark.parametrize(
    "text",
    [
        "aten::scaled_dot_product_attention is not in pytorch_android_lite 1.12.2",
        "ValueError: expected (1, 3) < (2, 3) & got `x` from layers[0]['a_b'] * 2",
        "__init__() takes 1 positional argument (model.py:12) ~ 50 % $HOME | C:\\path",
    ],
)
def test_text_reads_as_it_was_written(text: str) -> None:
    assert "".join(rendered(f"- x: {escape(text)}").text).strip() == f"x: {text}"


@pytest.mark.parametrize(
    "name", ["resnet18/lite/fp32", "my model", "a`b", "a|b", "<b>", "a*b*c_d_", "@me", "übung", "&amp;"]
)
def test_names_read_as_they_were_written(name: str) -> None:
    page = rendered(f"| a |\n|---|\n| {code(name)} |")
    assert name in page.text
    assert page.tags.count("code") == 1


def test_an_empty_note_makes_no_heading_of_the_line_above() -> None:
    text = render_markdown(replace(EVERYTHING, rows=(replace(GREW, reasons=("\u200b",)),), notes=("",)))
    assert "Notes:\n- (empty)\n" in text
    assert re.search(r"- ❌ `mobilenet_v2/lite/fp32` \(\[.+\)\): \(empty\)\n", text)
    assert not {"h1", "h2"} & set(rendered(text).tags)


def many(count: int, row: Row) -> tuple[Row, ...]:
    return tuple(replace(row, model=f"net{number}") for number in range(count))


def variants(text: str) -> int:
    return len(re.findall(r"^\| .*/lite/fp32", text, re.MULTILINE))


def test_unchanged_variants_are_left_out_first() -> None:
    report = replace(CALM, rows=(*many(1000, IDENTICAL), *many(3, TOUCHED)))
    text = render_markdown(report)
    assert 64_000 < len(text) <= 65_000
    missing = 1003 - variants(text)
    assert f"**{missing} of 1003 variants are left out here, since a comment has no room for them; the whole" in text
    assert "1000 variants are byte-identical to base." in text
    assert text.count("<br>changed |") == 3


def test_then_what_matters_least() -> None:
    report = replace(EVERYTHING, rows=(*many(400, TOUCHED), GREW, *many(5, IDENTICAL)))
    text = render_markdown(report)
    assert 64_000 < len(text) <= 65_000
    assert text.startswith(
        "❌ **Pocketfit: 1 of 406 variants fails**: `mobilenet_v2/lite/fp32` (file +40.1 %, latency ×1.33)\n"
    )
    assert f"**{406 - variants(text)} of 406 variants are left out here" in text
    assert "Byte-identical to base:" not in text


def test_a_small_limit() -> None:
    report = replace(EVERYTHING, rows=many(50, TOUCHED))
    assert len(render_markdown(report, limit_chars=2_000)) <= 2_000


@pytest.mark.parametrize("text", ["@" * 5000, "#" * 5000, "😀" * 5000, ":x" * 5000])
def test_the_limit_holds_for_the_worst_text(text: str) -> None:
    report = attacked(text)
    report = replace(report, rows=report.rows * 40, notes=tuple(f"{number}{text}" for number in range(50)))
    assert len(render_markdown(report).encode("utf-16-le")) // 2 <= 65_000


def test_what_passes_by_an_exception_stands_above_the_fold() -> None:
    said = [f"accepted until 2026-12-31: net{index} has size_growth = 45 % (else 1 %)" for index in range(5)]
    first, _, folded = render_markdown(replace(CALM, notes=("another note", *said))).partition("<details>")
    assert "\n\nAccepted until 2026-12-31: net0 has size_growth = 45 % (else 1 %)<br>Accepted until" in first
    assert "net3" not in first
    assert "<br>and 2 more exceptions from limits\n" in first
    assert "another note" not in first
    assert "net4" in folded


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (replace(GREW, failed_limits=("min_sqnr_db", "latency_growth")), "report.json, raises `latency_growth` under"),
        (replace(GREW, failed_limits=("min_sqnr_db",)), "If this is meant to be so, change `min_sqnr_db` under"),
        (replace(GREW, failed_before=True), None),
        (replace(GREW, failed_limits=()), None),
    ],
)
def test_how_it_is_accepted(row: Row, said: str | None) -> None:
    text = render_markdown(replace(EVERYTHING, rows=(row,)))
    assert ("is meant to be so" in text) == (said is not None)
    assert (said or "") in text


def test_a_limit_is_linked_to_its_line_in_the_commit_that_was_pushed() -> None:
    lines = ConfigLines("apps/my app/pocketfit.toml", {"mobilenet_v2": 3}, {("", "size_growth"): 12})
    job = Job(pushed="a" * 40, tree=f"https://github.com/octo/phone/blob/{'a' * 40}", config=lines)
    place = "<code>&#91;models.mobilenet&#95;v2.limits&#93;</code>"
    url = f"https://github.com/octo/phone/blob/{'a' * 40}/apps/my%20app/pocketfit.toml#L12"
    assert f"raises `size_growth` under [{place}]({url});" in render_markdown(EVERYTHING, job=job)
    for without in (replace(job, tree=None), replace(job, config=ConfigLines())):
        assert f"raises `size_growth` under {place};" in render_markdown(EVERYTHING, job=without)
