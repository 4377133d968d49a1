"""The JSON Schemas of the files that other programs read, report.json and manifest.json, made of their records."""

from __future__ import annotations

import inspect
import re
from typing import Any, cast

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from pocketfit.flat import flat_type
from pocketfit.out import Manifest
from pocketfit.records import HistoryEntry, Report

# The newest draft that every validator knows.
DRAFT = "http://json-schema.org/draft-07/schema#"
ADDRESS = "https://raw.githubusercontent.com/pocketfit/pocketfit/main/docs/schema"
# Each file's record, by the name of its schema, which has the number that the file's own `schema` gives.
SCHEMAS: dict[str, tuple[str, type[Any]]] = {
    "report.1.schema.json": ("report.json", Report),
    "manifest.1.schema.json": ("manifest.json", Manifest),
    "history-entry.1.schema.json": ("history-entry.json", HistoryEntry),
}


def record_schema(name: str) -> dict[str, Any]:
    """Make the schema that is published as `name`.

    It asks for what every version writes, and takes keys that it does not know: a schema's number stays while the file
    only grows.
    """
    title, kind = SCHEMAS[name]
    # mypy takes a class with __hash__ for one that has none.
    adapter: TypeAdapter[Any] = TypeAdapter(flat_type(cast(Any, kind)))
    schema = adapter.json_schema(schema_generator=_WithDescriptions)
    return {"$schema": DRAFT, "$id": f"{ADDRESS}/{name}", **_plain(schema), "title": title}


class _WithDescriptions(GenerateJsonSchema):
    """Describes each object by its record's docstring, which says what its fields mean."""

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        record = schema["cls"].RECORD
        # A dataclass without a docstring gets its signature for one.
        own = inspect.getdoc(record) or ""
        text = "" if own.startswith(f"{record.__name__}(") else re.sub(r"(?<!\n)\n(?!\n)", " ", own)
        return {**super().dataclass_schema(schema), **({"description": text} if text else {})}


def _plain(node: Any, *, names: bool = False) -> Any:
    """Leave out the titles that pydantic makes of Python's names; `names` says that the keys here are the file's."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _plain(value, names=key in ("properties", "$defs") and not names)
        for key, value in node.items()
        if names or key != "title"
    }
