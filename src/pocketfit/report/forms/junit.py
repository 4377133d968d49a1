"""The report as JUnit XML, which GitLab, Jenkins, Azure and others show: one test case for each variant."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pocketfit.records import Report, Row
from pocketfit.report.cell import Cell
from pocketfit.report.cells import Line, failures, lines, titles
from pocketfit.report.forms.words import reasons, unexplained, variant_name, whole

SUITE = "pocketfit"
# The test case of what is about no variant.
RUN = "the run"


def render_junit(report: Report) -> str:
    """Write one suite, with failures or errors in it exactly where the verdict is no pass.

    What is no part of the verdict (skipped, removed, failed before too, a device's fault) is a skipped case with its
    reason. Cases have no time: what a run took says nothing of a model.
    """
    suite = Element("testsuite", name=SUITE)
    _add_properties(suite, report)
    columns = [" ".join(title.lines) for title in titles(report)[1:]]
    for row, line in zip(report.rows, lines(report, report.rows), strict=True):
        _add_case(suite, row, line, columns)
    if sentences := unexplained(report):
        _add(_case(suite, SUITE, RUN), "error" if report.verdict == "error" else "failure", sentences, report.verdict)
    if report.notes:
        SubElement(suite, "system-out").text = "\n".join(map(whole, report.notes))
    root = Element("testsuites", name=SUITE)
    root.append(suite)
    for element in (suite, root):
        for name, count in _counts(suite).items():
            element.set(name, str(count))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _add_properties(suite: Element, report: Report) -> None:
    environment = report.environment
    facts = {
        "verdict": report.verdict,
        "base": report.base,
        "head": report.head,
        "pocketfit": report.pocketfit,
        "torch": environment.torch,
        "device": environment.device,
        "runtime": environment.runtime,
    }
    properties = SubElement(suite, "properties")
    for name, value in facts.items():
        if value is not None:
            SubElement(properties, "property", name=name, value=whole(value))


def _add_case(suite: Element, row: Row, line: Line, columns: list[str]) -> None:
    case, said = _case(suite, whole(row.model), variant_name(row)), tuple(map(whole, row.reasons))
    if row.fails:
        _add(case, "failure", reasons(row), ", ".join(map(whole, row.failed_limits)) or failures(row)[0])
    elif word := _not_judged(row):
        _add(case, "skipped", (word, *said))
    numbers = [f"{title}: {_in_one_line(cell)}" for title, cell in zip(columns, line.columns, strict=True)]
    SubElement(case, "system-out").text = "\n".join(numbers if len(case) else (*numbers, *said))


def _in_one_line(cell: Cell) -> str:
    # An interval stands on a line of its own in a table.
    return ", ".join(cell.lines).replace("between, ", "between ")


def _not_judged(row: Row) -> str:
    """Say why a row says nothing of the model; empty where it does."""
    if row.failed_before:
        return "failed before too"
    if row.status in ("skipped", "removed"):
        return row.status
    if row.smoke.status == "infra-error":
        return ": ".join(filter(None, ("the device could not check it", whole(row.smoke.reason))))
    return ""


def _case(suite: Element, group: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=group, name=name)


def _add(case: Element, kind: str, sentences: tuple[str, ...], type_name: str = "") -> None:
    # Many programs show the message alone.
    message = ": ".join(sentences[:2]) if kind == "skipped" else sentences[0]
    result = SubElement(case, kind, message=message)
    if type_name:
        result.set("type", type_name)
    result.text = "\n".join(sentences)


def _counts(suite: Element) -> Mapping[str, int]:
    return {
        "tests": len(suite.findall("testcase")),
        **{f"{kind}s": len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error")},
        "skipped": len(suite.findall("testcase/skipped")),
    }
