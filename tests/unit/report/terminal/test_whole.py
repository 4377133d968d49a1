# ruff: noqa: RUF001
from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from pocketfit.records import Metric, Report, Smoke
from pocketfit.report.terminal.whole import View, render_terminal
from tests.unit.report.samples import CALM, EVERYTHING, GREW, IDENTICAL, TOUCHED

WIDE = """\
✗ 3 of 8 variants fail, 1 new, 1 removed: mobilenet_v2/lite/fp32 (file +40.1 %, latency ×1.33), vit_b_16/lite/fp32 (on
jvm), detector/torchscript/fp32 (in the build)
base 27d5ce7f1 → head bbbca2dda · jvm x86_64, 1 thread · pytorch_android_lite 1.12.2 · Intel Xeon Platinum 8481C ·
exported with torch 2.12.1 · pocketfit 0.1.0

                                                                          Latency on
Variant                            File      Download           jvm x86_64, 1 thread  On-device check
─────────────────────────────────────────────────────────────────────────────────────────────────────
mobilenet_v2/lite/fp32         19.61 MB      18.00 MB                 11.2 → 14.9 ms  passed
failed: size_growth        +5,612,345 B  +5,100,234 B                  ×1.33, slower  max diff 2.9e-6
latency_growth                  +40.1 %       +39.5 %                   1.29 to 1.38  SQNR 108.0 dB
                                                                                      host 118.0 dB

vit_b_16/lite/fp32            346.00 MB     320.00 MB                   not measured  failed
failed: on jvm                     +1 B     same size                     head fails
                                 <0.1 %

detector/torchscript/fp32       no file       no file                   not measured  not run
failed: in the build       was 48.00 MB  was 44.00 MB

two_inputs/lite/fp32            1.24 kB         999 B                  base 0.102 ms  passed
changed                            +1 B     same size               unclear: between  max diff 0
                                 <0.1 %                              ×0.94 and ×1.09  SQNR exact

depth/lite/fp32                 1.00 MB     900.00 kB                   not measured  passed
new                                                                                   max diff 2.9e-6
base has no artifact                                                                  SQNR 108.0 dB

segmenter/lite/int8             6.10 MB       4.90 MB                   not measured  not run
new                                                                                   device problem

old_net/lite/fp32               removed       removed                   not measured  not run
removed                     was 9.00 MB   was 8.00 MB

resnet18/executorch/fp32        no file       no file                   not measured  not run
skipped

resnet18/lite/fp32             46.74 MB      43.30 MB                   not measured  passed
identical                     unchanged     unchanged  identical files are not timed  max diff 2.9e-6
                                                                                      SQNR 108.0 dB

mobilenet_v2/lite/fp32
│ the file grew by 5,612,345 B (+40.1 %), the limit is +1 %
│ a run takes ×1.33 as long, at least ×1.29; the limit is +10 %

vit_b_16/lite/fp32
│ on jvm: aten::scaled_dot_product_attention is not in pytorch_android_lite 1.12.2
│ base: it fails on this runtime too: aten::scaled_dot_product_attention is not in pytorch_android_lite 1.12.2

detector/torchscript/fp32
│ ModuleNotFoundError: No module named 'detector_ops'

two_inputs/lite/fp32
│ TracerWarning: converting a tensor to a Python boolean might make the trace wrong (model.py:12)

depth/lite/fp32
│ base: RuntimeError: shapes do not fit

resnet18/executorch/fp32
│ executorch is not installed

note: jvm: no device answered adb, so the Android libraries ran in a desktop JVM; times are not a phone's
Download: size after DEFLATE, what an app's download grows by. Latency: base → base times the ratio, over fresh loads;
the intervals are 95 % sure for all rows together. On-device check: outputs of the Android runtime against eager
PyTorch. What eager gives, and with it parity, metric, parameters and operators, is reported by the model's own process;
all else was measured apart from it.
"""

NARROW = """\
✗ 3 of 8 variants fail, 1 new, 1 removed: mobilenet_v2/lite/fp32 (file +40.1 %,
latency ×1.33), vit_b_16/lite/fp32 (on jvm), detector/torchscript/fp32 (in the
build)
base 27d5ce7f1 → head bbbca2dda · jvm x86_64, 1 thread · pytorch_android_lite
1.12.2 · Intel Xeon Platinum 8481C · exported with torch 2.12.1 · pocketfit
0.1.0

                                                     Latency on
                                                  jvm x86_64, 1
Variant                   File      Download             thread  On-device check
────────────────────────────────────────────────────────────────────────────────
mobilenet_v2/         19.61 MB      18.00 MB     11.2 → 14.9 ms  passed
lite/fp32         +5,612,345 B  +5,100,234 B      ×1.33, slower  max diff 2.9e-6
failed:                +40.1 %       +39.5 %       1.29 to 1.38  SQNR 108.0 dB
size_growth                                                      host 118.0 dB
latency_growth

vit_b_16/            346.00 MB     320.00 MB       not measured  failed
lite/fp32                 +1 B     same size         head fails
failed: on jvm          <0.1 %

detector/              no file       no file       not measured  not run
torchscript/fp32  was 48.00 MB  was 44.00 MB
failed: in the
build

two_inputs/            1.24 kB         999 B      base 0.102 ms  passed
lite/fp32                 +1 B     same size   unclear: between  max diff 0
changed                 <0.1 %                  ×0.94 and ×1.09  SQNR exact

depth/lite/fp32        1.00 MB     900.00 kB       not measured  passed
new                                                              max diff 2.9e-6
base has no                                                      SQNR 108.0 dB
artifact

segmenter/             6.10 MB       4.90 MB       not measured  not run
lite/int8                                                        device problem
new

old_net/               removed       removed       not measured  not run
lite/fp32          was 9.00 MB   was 8.00 MB
removed

resnet18/              no file       no file       not measured  not run
executorch/fp32
skipped

resnet18/             46.74 MB      43.30 MB       not measured  passed
lite/fp32            unchanged     unchanged    identical files  max diff 2.9e-6
identical                                         are not timed  SQNR 108.0 dB

mobilenet_v2/lite/fp32
│ the file grew by 5,612,345 B (+40.1 %), the limit is +1 %
│ a run takes ×1.33 as long, at least ×1.29; the limit is +10 %

vit_b_16/lite/fp32
│ on jvm: aten::scaled_dot_product_attention is not in pytorch_android_lite
│ 1.12.2
│ base: it fails on this runtime too: aten::scaled_dot_product_attention is not
│ in pytorch_android_lite 1.12.2

detector/torchscript/fp32
│ ModuleNotFoundError: No module named 'detector_ops'

two_inputs/lite/fp32
│ TracerWarning: converting a tensor to a Python boolean might make the trace
│ wrong (model.py:12)

depth/lite/fp32
│ base: RuntimeError: shapes do not fit

resnet18/executorch/fp32
│ executorch is not installed

note: jvm: no device answered adb, so the Android libraries ran in a desktop
JVM; times are not a phone's
Download: size after DEFLATE, what an app's download grows by. Latency: base →
base times the ratio, over fresh loads; the intervals are 95 % sure for all rows
together. On-device check: outputs of the Android runtime against eager PyTorch.
What eager gives, and with it parity, metric, parameters and operators, is
reported by the model's own process; all else was measured apart from it.
"""


def printed(report: Report, width: int, *, colours: bool = False, view: View | None = None) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colours,
        color_system="truecolor" if colours else None,
        legacy_windows=False,
    )
    console.print(render_terminal(report, view or View()))
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def test_wide() -> None:
    assert printed(EVERYTHING, 120) == WIDE


def test_80_columns() -> None:
    assert printed(EVERYTHING, 80) == NARROW
    assert max(map(len, NARROW.splitlines())) <= 80


def test_nothing_changed() -> None:
    assert printed(CALM, 120).splitlines()[0] == "✓ nothing changed on the phone, 1 variant identical"


def test_colours() -> None:
    text = printed(EVERYTHING, 120, colours=True)
    assert text.startswith("\x1b[1;31m✗ 3 of 8 variants fail, 1 new, 1 removed\x1b[0m: mobilenet_v2/lite/fp32")
    assert re.sub(r"\x1b\[[\d;]*m", "", text).split() == WIDE.split()


def test_text_from_outside_is_no_markup_and_no_command() -> None:
    reason = "[bold]::error::" + "long " * 30 + "::error:: " * 9 + "x" * 77 + "::error::"
    row = replace(GREW, model="[red]x[/red]\x1b[2J", reasons=(reason,))
    text = printed(replace(EVERYTHING, rows=(row,), notes=("\n::error::note",)), 80)
    assert text.startswith("✗ 1 of 1 variant fails: [red]x[/red] [2J/lite/fp32 (file +40.1 %, latency ×1.33)\n")
    assert "\x1b" not in text
    assert "note: : :error::note" in text
    assert not re.search(r"^\s*::", text, re.MULTILINE)


# Every column, and in each the longest that it may say.
RICH = replace(
    GREW,
    model="mobilenet_v3_large",
    format="torchscript",
    precision="int8-dynamic",
    metric=Metric(eager=0.9812, base=0.9806, head=0.9778),
    reasons=(
        "the file grew by 5,612,345 B (+40.1 %), the limit is +1 %",
        "this image has no ExecuTorch Android runtime, so the file was run on the host by executorch 1.3.1 and no "
        "further than that: see https://example.org/docs/compatibility.md#executorch-on-android-with-xnnpack-delegates",
    ),
)
NOT_HERE = replace(RICH, format="executorch", smoke=Smoke("skipped", "this image has no ExecuTorch Android runtime"))


def joined(lines: list[str]) -> str:
    return re.sub(r"\s+", "", "".join(line.removeprefix("│ ") for line in lines))


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_nothing_is_cut_or_broken_in_a_word(width: int) -> None:
    report = replace(EVERYTHING, rows=(RICH, NOT_HERE, *EVERYTHING.rows))
    lines = printed(report, width).splitlines()
    assert max(map(len, lines)) <= width
    words = set(re.split(r"\s+", " ".join(lines)))
    # A number stays with its unit, and names break after a slash alone.
    for whole in ("+5,612,345 B", "SQNR exact", "-0.0028", "108.0 dB", "14.9 ms"):
        assert any(whole in line for line in lines), whole
    assert words >= {"ExecuTorch", "runtime", "executorch/", "int8-dynamic", "mobilenet_v3_large/"} or width < 80
    everything = joined(lines)
    for reason in (*RICH.reasons, *GREW.reasons):
        assert reason.replace(" ", "") in everything


TABLE_80 = """\
                                                 Latency on
                                              jvm x86_64, 1           On-device
Variant                   File      Download         thread   Metric  check
────────────────────────────────────────────────────────────────────────────────
mobilenet_v2/         19.61 MB      18.00 MB         11.2 →   0.9778  passed
lite/fp32         +5,612,345 B  +5,100,234 B        14.9 ms  -0.0028  max diff
failed:                +40.1 %       +39.5 %  ×1.33, slower    eager  2.9e-6
metric_drop                                    1.29 to 1.38   0.9812  SQNR
                                                                      108.0 dB
                                                                      host
                                                                      118.0 dB

two_inputs/            1.24 kB         999 B  base 0.102 ms           not run
executorch/fp32           +1 B     same size       unclear:           this image
changed                 <0.1 %                      between           has no
                                                  ×0.94 and           ExecuTorch
                                                      ×1.09           Android
                                                                      runtime
"""


def test_80_columns_with_a_metric() -> None:
    row = replace(GREW, metric=Metric(eager=0.9812, base=0.9806, head=0.9778), failed_limits=("metric_drop",))
    other = replace(
        TOUCHED, format="executorch", smoke=Smoke("skipped", "this image has no ExecuTorch Android runtime")
    )
    lines = printed(replace(EVERYTHING, rows=(row, other), notes=()), 80).splitlines()
    assert lines[5:23] == TABLE_80.splitlines()


def test_a_name_of_one_long_word_makes_blocks() -> None:
    row = replace(IDENTICAL, model="efficientnet_b0_with_a_head_that_somebody_named_at_length")
    lines = printed(replace(CALM, rows=(row,)), 80).splitlines()
    assert lines[5:12] == [
        "efficientnet_b0_with_a_head_that_somebody_named_at_length/lite/fp32",
        "identical",
        "  File: 46.74 MB; unchanged",
        "  Download: 43.30 MB; unchanged",
        "  Latency on jvm x86_64, 1 thread: not measured; identical files are not timed",
        "  On-device check: passed; max diff 2.9e-6; SQNR 108.0 dB",
        "",
    ]


def test_rows_with_the_same_reasons_share_them() -> None:
    reasons = ("it has no forward",)
    rows = tuple(replace(TOUCHED, format=name, reasons=reasons) for name in ("lite", "torchscript"))
    lines = printed(replace(EVERYTHING, rows=rows), 120).splitlines()
    where = lines.index("two_inputs/lite/fp32, two_inputs/torchscript/fp32")
    assert lines[where + 1 : where + 3] == ["│ it has no forward", ""]
    assert lines.count("│ it has no forward") == 1


def test_what_the_reader_knows_is_not_said_again() -> None:
    report = replace(EVERYTHING, notes=("known", "new"))
    lines = printed(report, 120, view=View(legend=False, known_notes=frozenset({"known"}))).splitlines()
    assert lines[-2:] == ["note: new", "1 note is as in the run before (-v shows all)"]
    every = View(every_row=True, legend=False, known_notes=frozenset({"known"}))
    assert "note: known\nnote: new\nDownload: size after DEFLATE" in printed(report, 120, view=every)


def test_quiet_says_the_verdict_and_why() -> None:
    lines = printed(EVERYTHING, 120, view=View(quiet=True)).splitlines()
    assert lines[0].startswith("✗ 3 of 8 variants fail, 1 new, 1 removed: ")
    assert lines[2:5] == [
        "mobilenet_v2/lite/fp32",
        "│ the file grew by 5,612,345 B (+40.1 %), the limit is +1 %",
        "│ a run takes ×1.33 as long, at least ×1.29; the limit is +10 %",
    ]
    assert "two_inputs" not in "\n".join(lines)
    assert printed(CALM, 120, view=View(quiet=True)) == "✓ nothing changed on the phone, 1 variant identical\n"


def test_of_200_variants_those_that_matter() -> None:
    rows = tuple(replace(IDENTICAL, model=f"net{index:03}") for index in range(200))
    report = replace(EVERYTHING, rows=(GREW, *rows))
    text = printed(report, 80)
    assert "and 200 more: 200 identical (-v shows them)\n" in text
    assert len(text.splitlines()) < 40
    assert "net150/" not in text
    assert "net150/" in printed(report, 80, view=View(every_row=True))
