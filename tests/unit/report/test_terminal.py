# ruff: noqa: RUF001
from __future__ import annotations

import io
import re
from dataclasses import replace

from rich.console import Console

from pocketfit.records import Report
from pocketfit.report.terminal import render_terminal
from tests.unit.report.samples import CALM, EVERYTHING, GREW

WIDE = """\
✗ 3 of 8 variants fail, 1 new, 1 removed: mobilenet_v2/lite/fp32 (size_growth, latency_growth), vit_b_16/lite/fp32 (on
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
✗ 3 of 8 variants fail, 1 new, 1 removed: mobilenet_v2/lite/fp32 (size_growth,
latency_growth), vit_b_16/lite/fp32 (on jvm), detector/torchscript/fp32 (in the
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

depth/                 1.00 MB     900.00 kB       not measured  passed
lite/fp32                                                        max diff 2.9e-6
new                                                              SQNR 108.0 dB
base has no
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


def printed(report: Report, width: int, *, colours: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colours,
        color_system="truecolor" if colours else None,
        legacy_windows=False,
    )
    console.print(render_terminal(report))
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
    assert text.startswith("✗ 1 of 1 variant fails: [red]x[/red] [2J/lite/fp32 (size_growth, latency_growth)\n")
    assert "\x1b" not in text
    assert "note: : :error::note" in text
    assert not re.search(r"^\s*::", text, re.MULTILINE)
