"""Writes docs/schema/pocketfit.schema.json, which editors read, from the tables that read the configuration."""

from __future__ import annotations

import json
from pathlib import Path

from pocketfit.config.schema import json_schema

SCHEMA_FILE = Path(__file__).parents[1] / "docs/schema/pocketfit.schema.json"


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2) + "\n"


def main() -> None:
    SCHEMA_FILE.parent.mkdir(exist_ok=True)
    SCHEMA_FILE.write_text(schema_text())
    print(f"wrote {SCHEMA_FILE}")


if __name__ == "__main__":
    main()
