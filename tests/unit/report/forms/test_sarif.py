"""SARIF, held to the parts of its schema (2.1.0) that we write: written down here, with all that it asks of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import fastjsonschema
import pytest

from pocketfit.config.model_lines import ConfigLines
from pocketfit.records import Report
from pocketfit.report.forms.sarif import render_sarif
from tests.unit.report.samples import BROKEN, CALM, EVERYTHING, GREW, NEW, UNSUPPORTED
from tests.unit.report.test_markdown import HOSTILE, attacked

CONFIG = ConfigLines("ci/my config.toml", {"mobilenet_v2": 12})
LEVEL = {"enum": ["none", "note", "warning", "error"]}
URI = {"type": "string", "format": "uri"}


def table(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """An object as SARIF's schema has them all: without any other key."""
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


def unique(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "minItems": least, "uniqueItems": True, "items": items}


MESSAGE = table(("text",), text={"type": "string"})
PHYSICAL = table(
    ("artifactLocation",),
    artifactLocation=table(("uri",), uri={"type": "string", "format": "uri-reference"}, uriBaseId={"type": "string"}),
    region=table(startLine={"type": "integer", "minimum": 1}),
)
LOGICAL = table(name={"type": "string"}, fullyQualifiedName={"type": "string"}, kind={"type": "string"})
RESULT = table(
    ("message",),
    ruleId={"type": "string"},
    level=LEVEL,
    message=MESSAGE,
    locations=unique(table(physicalLocation=PHYSICAL, logicalLocations=unique(LOGICAL))),
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
)
RULE = table(("id",), id={"type": "string"}, shortDescription=MESSAGE, helpUri=URI)
DRIVER = table(("name",), name={"type": "string"}, version={"type": "string"}, informationUri=URI, rules=unique(RULE))
NOTIFICATION = table(("message",), level=LEVEL, message=MESSAGE)
INVOCATION = table(
    ("executionSuccessful",),
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications={"type": "array", "items": NOTIFICATION},
)
SCHEMA = table(
    ("version", "runs"),
    **{
        "$schema": URI,
        "version": {"enum": ["2.1.0"]},
        "runs": {
            "type": "array",
            "items": table(
                ("tool",),
                tool=table(("driver",), driver=DRIVER),
                invocations=unique(INVOCATION),
                results={"type": "array", "items": RESULT},
                properties={"type": "object"},
            ),
        },
    },
)


@cache
def validator() -> Any:
    return fastjsonschema.compile(
        {"$schema": "http://json-schema.org/draft-07/schema#", **SCHEMA},
        formats={"uri-reference": r"^[^\s<>\"{}|\\^`]*$"},
    )


def run(report: Report, config: ConfigLines = CONFIG) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render_sarif(report, config))
    validator()(document)
    (only,) = document["runs"]
    return dict(only)


def test_a_whole_report() -> None:
    found = run(replace(EVERYTHING, rows=(GREW, BROKEN), notes=("a note",)))
    assert found == {
        "tool": {
            "driver": {
                "name": "Pocketfit",
                "version": "0.1.0",
                "informationUri": "https://github.com/pocketfit/pocketfit",
                "rules": [
                    {
                        "id": "size_growth",
                        "shortDescription": {"text": "The limit size_growth is passed"},
                        "helpUri": "https://github.com/pocketfit/pocketfit#readme",
                    },
                    {
                        "id": "build",
                        "shortDescription": {"text": "A model can't be built, or must not be shipped as it is"},
                        "helpUri": "https://github.com/pocketfit/pocketfit#readme",
                    },
                ],
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [{"level": "note", "message": {"text": "a note"}}],
            }
        ],
        "results": [
            {
                "ruleId": "size_growth",
                "level": "error",
                "message": {
                    "text": "mobilenet_v2/lite/fp32: the file grew by 5,612,345 B (+40.1 %), the limit is +1 %\n"
                    "a run takes \N{MULTIPLICATION SIGN}1.33 as long, at least \N{MULTIPLICATION SIGN}1.29; the limit is +10 %"
                },
                "locations": [
                    {
                        "logicalLocations": [
                            {
                                "name": "mobilenet_v2",
                                "fullyQualifiedName": "mobilenet_v2/lite/fp32",
                                "kind": "module",
                            }
                        ],
                        "physicalLocation": {
                            "artifactLocation": {"uri": "ci/my%20config.toml", "uriBaseId": "%SRCROOT%"},
                            "region": {"startLine": 12},
                        },
                    }
                ],
                "partialFingerprints": {"variant/v1": "mobilenet_v2/lite/fp32: size_growth"},
            },
            {
                "ruleId": "build",
                "level": "error",
                "message": {"text": "detector/torchscript/fp32: ModuleNotFoundError: No module named 'detector_ops'"},
                "locations": [
                    {
                        "logicalLocations": [
                            {"name": "detector", "fullyQualifiedName": "detector/torchscript/fp32", "kind": "module"}
                        ]
                    }
                ],
                "partialFingerprints": {"variant/v1": "detector/torchscript/fp32: build"},
            },
        ],
        "properties": {"verdict": "fail", "base": EVERYTHING.base, "head": EVERYTHING.head},
    }


def test_what_passes_is_no_result() -> None:
    found = run(CALM)
    assert (found["results"], found["tool"]["driver"]["rules"]) == ([], [])


@pytest.mark.parametrize(
    ("report", "levels"),
    [
        (CALM, []),
        (EVERYTHING, ["error"] * 3),
        (replace(CALM, rows=(replace(BROKEN, failed_before=True),)), ["note"]),
        (replace(CALM, verdict="error", rows=(NEW,)), ["error"]),
        (replace(CALM, verdict="fail"), ["error"]),
    ],
)
def test_there_are_errors_exactly_where_the_verdict_is_no_pass(report: Report, levels: list[str]) -> None:
    found = run(report)
    assert [result["level"] for result in found["results"]] == levels
    assert ("error" in levels) == (report.verdict != "pass")
    assert found["invocations"][0]["executionSuccessful"] == (report.verdict != "error")


def test_each_kind_of_failure_is_a_rule() -> None:
    found = run(replace(EVERYTHING, rows=(GREW, UNSUPPORTED, BROKEN)))
    assert [result["ruleId"] for result in found["results"]] == ["size_growth", "device", "build"]
    stopped = run(replace(CALM, verdict="error", rows=(), notes=("the run was cut short",)))
    assert [(result["ruleId"], result["message"]["text"]) for result in stopped["results"]] == [
        ("run", "the device could not check 0 variants\nthe run was cut short")
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_escapes(text: str) -> None:
    """The document has the form that it has for harmless text, and no viewer finds a link or a placeholder in it."""

    def form(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: form(value) for key, value in node.items()}
        return [form(item) for item in node] if isinstance(node, list) else type(node)

    assert form(run(attacked(text))) == form(run(attacked("a b")))
    written = render_sarif(attacked(text))
    messages = re.findall(r'^ *"text": (.*)$', written, re.MULTILINE)
    assert not any("](" in message or re.search(r"\{(?!\{)\d", message) for message in messages)
    assert not re.search(r"\x1b|\u202e|\u200b|\\u0000", written)
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in written.splitlines())


def test_braces_are_no_placeholders() -> None:
    found = run(replace(EVERYTHING, rows=(replace(BROKEN, reasons=("KeyError: {0}",)),)))
    assert found["results"][0]["message"]["text"] == "detector/torchscript/fp32: KeyError: {{0}}"


@pytest.mark.parametrize("name", ["n" * 200, "נטו/רשת", "شبكة", "模型-" * 50, "a]]>b", "<b>"])
def test_names_are_whole(name: str) -> None:
    report = replace(EVERYTHING, rows=(replace(GREW, model=name),))
    (result,) = run(report, ConfigLines("pocketfit.toml", {name: 3}))["results"]
    (location,) = result["locations"]
    assert location["logicalLocations"][0]["fullyQualifiedName"] == f"{name}/lite/fp32"
    assert location["physicalLocation"]["region"] == {"startLine": 3}
    assert result["message"]["text"].startswith(f"{name}/lite/fp32: ")


def test_a_thousand_variants() -> None:
    rows = tuple(replace(GREW, model=f"net{index}") for index in range(1000))
    assert len(run(replace(EVERYTHING, rows=rows))["results"]) == 1000
