from __future__ import annotations

from dataclasses import replace
from typing import cast
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from pocketfit.records import Report, Row, Smoke
from pocketfit.report.forms.junit import render_junit
from tests.unit.report.samples import BROKEN, CALM, EVERYTHING, GREW, IDENTICAL, NEW, SKIPPED, TOUCHED, UNSUPPORTED
from tests.unit.report.test_markdown import HOSTILE, attacked

SAMPLE = f"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="pocketfit" tests="3" failures="1" errors="0" skipped="1">
  <testsuite name="pocketfit" tests="3" failures="1" errors="0" skipped="1">
    <properties>
      <property name="verdict" value="fail" />
      <property name="base" value="{EVERYTHING.base}" />
      <property name="head" value="{EVERYTHING.head}" />
      <property name="pocketfit" value="0.1.0" />
      <property name="torch" value="2.12.1" />
      <property name="device" value="jvm" />
      <property name="runtime" value="pytorch_android_lite 1.12.2" />
    </properties>
    <testcase classname="two_inputs" name="two_inputs/lite/fp32">
      <system-out>File: 1.24 kB, +1 B, &lt;0.1 %
Download: 999 B, same size
Latency on jvm x86_64, 1 thread: base 0.102 ms, unclear: between ×0.94 and ×1.09
On-device check: passed, max diff 0, SQNR exact
TracerWarning: converting a tensor to a Python boolean might make the trace wrong (model.py:12)</system-out>
    </testcase>
    <testcase classname="mobilenet_v2" name="mobilenet_v2/lite/fp32">
      <failure message="the file grew by 5,612,345 B (+40.1 %), the limit is +1 %" type="size_growth, latency_growth">the file grew by 5,612,345 B (+40.1 %), the limit is +1 %
a run takes ×1.33 as long, at least ×1.29; the limit is +10 %</failure>
      <system-out>File: 19.61 MB, +5,612,345 B, +40.1 %
Download: 18.00 MB, +5,100,234 B, +39.5 %
Latency on jvm x86_64, 1 thread: 11.2 → 14.9 ms, ×1.33, slower, 1.29 to 1.38
On-device check: passed, max diff 2.9e-6, SQNR 108.0 dB, host 118.0 dB</system-out>
    </testcase>
    <testcase classname="resnet18" name="resnet18/executorch/fp32">
      <skipped message="skipped: executorch is not installed">skipped
executorch is not installed</skipped>
      <system-out>File: no file
Download: no file
Latency on jvm x86_64, 1 thread: not measured
On-device check: not run</system-out>
    </testcase>
    <system-out>a note</system-out>
  </testsuite>
</testsuites>
"""  # noqa: RUF001


def suite(report: Report) -> Element:
    return cast(Element, ElementTree.fromstring(render_junit(report)).find("testsuite"))


def cases(report: Report) -> dict[str, Element]:
    return {case.attrib["name"]: case for case in suite(report).findall("testcase")}


def result(row: Row) -> tuple[str, str]:
    """The kind of a row's case, and its message."""
    (case,) = cases(replace(CALM, rows=(row,))).values()
    return next(((child.tag, child.attrib["message"]) for child in case if child.tag != "system-out"), ("passed", ""))


def test_a_whole_report() -> None:
    assert render_junit(replace(EVERYTHING, rows=(TOUCHED, GREW, SKIPPED), notes=("a note",))) == SAMPLE


def test_one_case_for_each_variant() -> None:
    assert list(cases(EVERYTHING)) == [str(row.variant) for row in EVERYTHING.rows]


@pytest.mark.parametrize(
    ("row", "kind", "message"),
    [
        (IDENTICAL, "passed", ""),
        (BROKEN, "failure", "ModuleNotFoundError: No module named 'detector_ops'"),
        (UNSUPPORTED, "failure", UNSUPPORTED.reasons[0]),
        (replace(GREW, reasons=()), "failure", "it failed: size_growth, latency_growth"),
        (replace(BROKEN, failed_before=True), "skipped", f"failed before too: {BROKEN.reasons[0]}"),
        (SKIPPED, "skipped", "skipped: executorch is not installed"),
        (NEW, "skipped", "the device could not check it: adb: device offline"),
    ],
)
def test_what_becomes_of_a_row(row: Row, kind: str, message: str) -> None:
    assert result(row) == (kind, message)


@pytest.mark.parametrize(
    ("report", "counts"),
    [
        (CALM, (0, 0)),
        (replace(CALM, rows=(replace(BROKEN, failed_before=True),)), (0, 0)),
        (EVERYTHING, (3, 0)),
        (replace(CALM, verdict="error", rows=(NEW,)), (0, 1)),
        (replace(CALM, verdict="error", rows=(), notes=("the run was cut short",)), (0, 1)),
        (replace(CALM, verdict="fail"), (1, 0)),
    ],
)
def test_there_are_failures_exactly_where_the_verdict_is_no_pass(report: Report, counts: tuple[int, int]) -> None:
    found = suite(report)
    assert (int(found.attrib["failures"]), int(found.attrib["errors"])) == counts
    assert any(counts) == (report.verdict != "pass")


def test_a_run_that_was_stopped_says_so() -> None:
    case = cases(replace(CALM, verdict="error", rows=(), notes=("the run was cut short",)))["the run"]
    (error,) = case.findall("error")
    assert error.text == "the device could not check 0 variants\nthe run was cut short"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_escapes(text: str) -> None:
    """The document has the elements that it has for harmless text, and every character that XML may have."""
    document = ElementTree.fromstring(render_junit(attacked(text)))
    harmless = ElementTree.fromstring(render_junit(attacked("a b")))
    assert [element.tag for element in document.iter()] == [element.tag for element in harmless.iter()]
    assert not {"\x1b", "\x00", "\u202e", "\u200b"} & set(render_junit(attacked(text)))


CONTROL = "".join(map(chr, range(32))) + "\x7f\x85\u2028\ufffe\uffff\ud83d\U0010ffff"


def test_characters_that_xml_may_not_have() -> None:
    row = replace(GREW, model=f"a{CONTROL}b", reasons=(f"c{CONTROL}d",))
    (case,) = cases(replace(EVERYTHING, rows=(row,))).values()
    assert case.attrib == {"classname": "a b", "name": "a b/lite/fp32"}
    assert [failure.text for failure in case.findall("failure")] == ["c d"]


NAMES = ["n" * 200, "נטו/רשת", "شبكة", "模型-" * 50, "a]]>b", "<testcase/>", '"quoted" & <b>']


@pytest.mark.parametrize("name", NAMES)
def test_names_are_whole(name: str) -> None:
    (case,) = cases(replace(EVERYTHING, rows=(replace(GREW, model=name),))).values()
    assert case.attrib == {"classname": name, "name": f"{name}/lite/fp32"}


def test_a_thousand_variants() -> None:
    rows = tuple(replace(GREW if index % 2 else IDENTICAL, model=f"net{index}") for index in range(1000))
    found = suite(replace(EVERYTHING, rows=rows))
    assert (found.attrib["tests"], found.attrib["failures"]) == ("1000", "500")
    assert [case.attrib["classname"] for case in found.findall("testcase")] == [f"net{index}" for index in range(1000)]


def test_a_device_that_failed_is_no_fault_of_one_model() -> None:
    row = replace(IDENTICAL, smoke=Smoke("infra-error", ""))
    assert result(row) == ("skipped", "the device could not check it")
