"""docs/schema has what report.json and manifest.json hold: all that is written, and what older versions wrote."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from pocketfit.history.entry import entry_of
from pocketfit.out import manifest
from pocketfit.store import history_entry_json, report_json
from tests.unit.report.samples import CALM, EVERYTHING
from tests.unit.test_published import HEAD, PUBLISHED, REPORT, TRIAL
from tools.record_schemas import SCHEMAS, record_schema
from tools.write_schema import FOLDER, record_schema_text

MANIFEST = json.dumps(asdict(manifest(HEAD, {"lite": "pytorch_android_lite 1.12.2"}, TRIAL)))
WRITTEN = {
    "report.1.schema.json": [report_json(report) for report in (EVERYTHING, CALM, REPORT)],
    "manifest.1.schema.json": [MANIFEST],
    "history-entry.1.schema.json": [history_entry_json(entry_of(EVERYTHING, "2026-11-26T10:00:00Z"))],
}
CASES = [(name, text) for name, texts in WRITTEN.items() for text in texts]


@cache
def validator(name: str) -> Any:
    return fastjsonschema.compile(record_schema(name))


def without_growth(node: Any) -> Any:
    """The same schema, which takes no key that it does not name."""
    if isinstance(node, list):
        return [without_growth(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {"additionalProperties": False} if isinstance(node.get("properties"), dict) else {}
    return {key: without_growth(value) for key, value in node.items()} | closed


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_that_of_the_records(name: str) -> None:
    assert (FOLDER / name).read_text() == record_schema_text(name), "run make schema"
    assert record_schema(name)["$id"].endswith(f"/docs/schema/{name}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_its_name_has_the_number_that_the_file_gives(name: str) -> None:
    assert record_schema(name)["properties"]["schema"]["const"] == int(name.split(".")[1])


@pytest.mark.parametrize(("name", "text"), CASES)
def test_all_that_is_written_is_in_it(name: str, text: str) -> None:
    fastjsonschema.validate(without_growth(record_schema(name)), json.loads(text))


@pytest.mark.parametrize(("name", "file"), [(name, file) for name, (file, _) in SCHEMAS.items()])
def test_it_takes_what_the_first_version_wrote(name: str, file: str) -> None:
    validator(name)(json.loads((PUBLISHED / file).read_text()))


@pytest.mark.parametrize(("name", "text"), CASES)
def test_it_takes_keys_that_a_later_version_adds(name: str, text: str) -> None:
    validator(name)(json.loads(text) | {"came_later": 1})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "data.schema must be same as const definition: 1"),
        ({"verdict": "great"}, "data.verdict must be one of ['pass', 'fail', 'error']"),
        ({"rows": {}}, "data.rows must be array"),
        ({"base": 7}, "data.base cannot be validated by any definition"),
    ],
)
def test_it_refuses_what_is_no_report(change: dict[str, Any], said: str) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaValueException) as caught:
        validator("report.1.schema.json")(json.loads(report_json(CALM)) | change)
    assert str(caught.value) == said


def test_it_asks_for_what_every_version_writes() -> None:
    with pytest.raises(fastjsonschema.JsonSchemaValueException, match="must contain"):
        validator("report.1.schema.json")({})


def test_it_says_what_fields_mean_and_has_nothing_of_pythons() -> None:
    report = record_schema("report.1.schema.json")
    assert (report["title"], json.dumps(report).count('"title"')) == ("report.json", 1)
    assert report["$defs"]["Latency"]["description"].startswith("`ratio` is head over base; `ci_low` and `ci_high`")
    assert not any(text.get("description", "").startswith(f"{name}(") for name, text in report["$defs"].items())


def test_schemas_are_where_the_page_for_programs_says() -> None:
    page = (Path(__file__).parents[3] / "docs/other-programs.md").read_text()
    assert [name for name in SCHEMAS if f"(schema/{name})" not in page] == []
