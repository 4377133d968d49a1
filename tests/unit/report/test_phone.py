"""What an app pays: the runtime's size is the measured one, once, and never a model's."""

from __future__ import annotations

from dataclasses import replace

from pocketfit.records import PHONE_ABI, AppSize, Report, RuntimeSize
from pocketfit.report.html import render_html
from pocketfit.report.markdown import render_markdown
from pocketfit.report.phone import runtime_sizes, runtimes_line, total_facts, with_totals
from pocketfit.report.summary import legend
from pocketfit.runtimes.sizes import sizes_of
from tests.unit.report.samples import CALM, EVERYTHING, GREW, IDENTICAL, NEW, REMOVED

LITE, FULL = "pytorch_android_lite 1.12.2", "pytorch_android 1.13.1"
LIBRARIES = {"lite": LITE, "torchscript": FULL, "executorch": "executorch-android 9.9.9"}


def with_runtimes(report: Report) -> Report:
    rows = tuple(with_totals(report.rows, LIBRARIES))
    return replace(report, rows=rows, runtimes=runtime_sizes(rows, LIBRARIES))


def test_a_total_is_the_file_and_its_runtime_for_each_abi() -> None:
    (row,) = with_totals([GREW], LIBRARIES)
    (lite,) = (size for size in sizes_of(LITE) if size.abi == PHONE_ABI)
    assert row.head is not None
    assert row.base is not None
    assert sorted(row.head.on_phone) == ["arm64-v8a", "armeabi-v7a", "x86", "x86_64"]
    assert row.head.on_phone[PHONE_ABI] == AppSize(lite.size_bytes + 19_607_468, lite.download_bytes + 18_001_234)
    assert row.base.on_phone[PHONE_ABI] == AppSize(lite.size_bytes + 13_995_123, lite.download_bytes + 12_901_000)
    assert dict(total_facts(row)) == {
        "With the runtime, arm64-v8a": "62.27 MB, download 25.42 MB → 67.89 MB, download 30.52 MB"
    }


def test_what_nobody_has_measured_is_not_known() -> None:
    program = replace(NEW, format="executorch")
    assert list(with_totals([program, GREW], {})) == [program, GREW]
    assert list(with_totals([program], LIBRARIES)) == [program]
    assert runtime_sizes([program], LIBRARIES) == ()
    assert runtimes_line(EVERYTHING) == ""
    assert list(total_facts(GREW)) == []


def test_a_build_by_others_is_known_by_the_name_of_its_archive() -> None:
    name = "ExecuTorch 1.3, built for Android by Software Mansion (react-native-executorch 0.9.3)"
    assert {(size.library, size.abi) for size in sizes_of(name)} == {(name, "arm64-v8a"), (name, "x86_64")}
    assert sizes_of("another-react-native-executorch 0.9.3") == ()


def test_each_runtime_is_said_once() -> None:
    report = with_runtimes(replace(EVERYTHING, rows=(GREW, REMOVED, replace(NEW, format="torchscript"))))
    assert runtimes_line(report) == (
        "An app has the runtime besides, once for all models (arm64-v8a): "
        "pytorch_android_lite 1.12.2 48.28 MB, download 12.52 MB; pytorch_android 1.13.1 71.08 MB, download 18.91 MB."
    )
    assert legend(report)[1] == runtimes_line(report)
    assert "48.28 MB, download 12.52 MB; pytorch_android 1.13.1 71.08 MB" in render_markdown(report)
    assert "<dt>With the runtime, arm64-v8a</dt><dd>62.27 MB, download 25.42 MB → 67.89 MB" in render_html(report)


def test_a_lone_model_has_its_total() -> None:
    assert runtimes_line(with_runtimes(replace(EVERYTHING, rows=(NEW,)))) == (
        "An app has the runtime besides, once for all models (arm64-v8a): pytorch_android_lite 1.12.2 48.28 MB, "
        "download 12.52 MB (with segmenter/lite/int8: 54.38 MB, download 17.42 MB)."
    )


def test_nothing_is_said_where_nothing_changed() -> None:
    assert "the runtime besides" in render_markdown(with_runtimes(replace(CALM, rows=(IDENTICAL, GREW))))
    assert "the runtime besides" not in render_markdown(with_runtimes(CALM))


def test_a_name_from_outside_is_text() -> None:
    report = replace(EVERYTHING, runtimes=(RuntimeSize("@all <b>[x](https://e.f)", PHONE_ABI, 10, 5),))
    assert "(arm64-v8a): @all <b>[x](https://e.f) 10 B, download 5 B" in runtimes_line(report)
    for shown in (render_markdown(report), render_html(report)):
        assert "<b>" not in shown
    assert "@all" not in render_markdown(report)
