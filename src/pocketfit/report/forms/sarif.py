"""The report as SARIF 2.1.0, which code scanning and editors show: one result for each variant that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from pocketfit.config.model_lines import NO_LINES, ConfigLines
from pocketfit.records import Report, Row
from pocketfit.report.forms.words import reasons, unexplained, variant_name, whole

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ADDRESS = "https://github.com/pocketfit/pocketfit"
# What a result is about where no limit was passed: a build, a device, a run that ended early.
BUILD, DEVICE, RUN = "build", "device", "run"
RULES = {
    BUILD: "A model can't be built, or must not be shipped as it is",
    DEVICE: "A model fails on the device",
    RUN: "A run came to no verdict",
}


def render_sarif(report: Report, config: ConfigLines = NO_LINES) -> str:
    """Write one run, with results of level "error" exactly where the verdict is no pass.

    Each stands on the line of its model's table in the configuration, where that is known. A variant that failed
    before too has the level "note".
    """
    results = [*_results(report, config)]
    rules = dict.fromkeys(result["ruleId"] for result in results)
    run = {
        "tool": {
            "driver": {
                "name": "Pocketfit",
                "version": whole(report.pocketfit),
                "informationUri": ADDRESS,
                "rules": [_rule(name) for name in rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": report.verdict != "error",
                "toolExecutionNotifications": [{"level": "note", "message": _message(note)} for note in report.notes],
            }
        ],
        "results": results,
        "properties": {
            name: whole(value)
            for name, value in (("verdict", report.verdict), ("base", report.base), ("head", report.head))
            if value is not None
        },
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(name: str) -> dict[str, Any]:
    sentence = RULES.get(name, f"The limit {name} is passed")
    return {"id": name, "shortDescription": _message(sentence), "helpUri": f"{ADDRESS}#readme"}


def _results(report: Report, config: ConfigLines) -> Iterator[dict[str, Any]]:
    for row in report.rows:
        if row.status == "failed":
            first, *more = reasons(row)
            yield {
                "ruleId": _rule_of(row),
                "level": "error" if row.fails else "note",
                "message": _message(f"{variant_name(row)}: {first}", *more),
                "locations": [_location(row, config)],
                "partialFingerprints": {"variant/v1": f"{variant_name(row)}: {_rule_of(row)}"},
            }
    if sentences := unexplained(report):
        yield {"ruleId": RUN, "level": "error", "message": _message(*sentences)}


def _rule_of(row: Row) -> str:
    return whole(row.failed_limits[0]) if row.failed_limits else BUILD if row.head is None else DEVICE


def _location(row: Row, config: ConfigLines) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"name": whole(row.model), "fullyQualifiedName": variant_name(row), "kind": "module"}]
    }
    if line := config.lines.get(row.model):
        # Relative to the repository's root, as code scanning has it.
        location["physicalLocation"] = {
            "artifactLocation": {"uri": quote(config.file), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line},
        }
    return location


def _message(*sentences: str) -> dict[str, str]:
    """A plain text: what SARIF would take for a placeholder is doubled, and for a link broken up."""
    text = "\n".join(map(whole, sentences))
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}
