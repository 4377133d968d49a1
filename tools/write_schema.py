"""Writes the JSON Schemas of docs/schema: the configuration's for editors, and the files' that programs read."""

from __future__ import annotations

import json
from pathlib import Path

from pocketfit.config.schema import json_schema
from tools.record_schemas import SCHEMAS, record_schema

FOLDER = Path(__file__).parents[1] / "docs/schema"
SCHEMA_FILE = FOLDER / "pocketfit.schema.json"


def schema_text() -> str:
    return _text(json_schema())


def record_schema_text(name: str) -> str:
    return _text(record_schema(name))


def _text(schema: dict[str, object]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path, text in {
        SCHEMA_FILE: schema_text(),
        **{FOLDER / name: record_schema_text(name) for name in SCHEMAS},
    }.items():
        path.write_text(text)
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
