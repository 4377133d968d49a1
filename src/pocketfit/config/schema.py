"""The JSON Schema of pocketfit.toml, made of its tables: what gives completion and checks in editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pocketfit.config.tables import FileTable

# An editor with taplo reads it from the first line of a file: "#:schema URL".
SCHEMA_URL = "https://raw.githubusercontent.com/pocketfit/pocketfit/main/docs/schema/pocketfit.schema.json"
# The newest draft that editors of TOML know.
DRAFT = "http://json-schema.org/draft-07/schema#"
TITLE = "pocketfit.toml"
# Python's names of things.
DROPPED = ("title", "$defs")
# Holds values, not schemas.
LITERAL = ("examples", "default", "enum")


def json_schema() -> dict[str, Any]:
    """The schema of the whole file, in one piece: draft 7 ignores what stands beside a reference."""
    raw = FileTable.model_json_schema()
    return {"$schema": DRAFT, "$id": SCHEMA_URL, "title": TITLE, **_plain(raw, raw["$defs"])}


def _plain(node: Any, definitions: Mapping[str, Any]) -> Any:
    """The same without references, null (which TOML lacks) and what is only Python's."""
    if isinstance(node, list):
        return [_plain(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        definition = definitions[node["$ref"].rpartition("/")[2]]
        return _plain({**definition, **{key: value for key, value in node.items() if key != "$ref"}}, definitions)
    kept = {key: value for key, value in node.items() if not _is_pythons(key, value)}
    # Nothing is two of the forms that a value may have, so that any and one mean the same.
    forms = [form for form in kept.pop("anyOf", kept.pop("oneOf", [])) if form != {"type": "null"}]
    if len(forms) == 1:
        return _plain({**forms[0], **kept}, definitions)
    if forms:
        kept = {"anyOf": forms, **kept}
    return {key: _entry(key, value, definitions) for key, value in kept.items()}


def _entry(key: str, value: Any, definitions: Mapping[str, Any]) -> Any:
    if key == "properties":
        # Their names are the file's, and one of them may be "title".
        return {name: _plain(field, definitions) for name, field in value.items()}
    return value if key in LITERAL else _plain(value, definitions)


def _is_pythons(key: str, value: Any) -> bool:
    return key in DROPPED or (key == "default" and value is None)
