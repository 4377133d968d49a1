"""The operators that an Android runtime has, from the data that `make operators` read out of its libraries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pocketfit.records import Library
from pocketfit.runtimes.schema import Schema, parse_schema


@dataclass(frozen=True)
class OperatorList:
    """`schemas` maps `aten::sum` to its overloads; the versions are the lowest and highest that the runtime reads."""

    library: str
    bytecode_versions: tuple[int, int]
    file_versions: tuple[int, int]
    has_lapack: bool
    schemas: Mapping[str, tuple[Schema, ...]]

    def find(self, name: str, overload: str) -> Schema | None:
        return next((schema for schema in self.schemas.get(name, ()) if schema.overload == overload), None)

    def has(self, name: str) -> bool:
        """Say whether there is any overload of that name."""
        return name in self.schemas


def operators_of(library: Library) -> OperatorList | None:
    """None for a library that nobody has read: compatibility is then only known from the device."""
    return _load(library.artifact, library.version)


def read_all() -> None:
    """Read the lists of all runtimes of TorchScript ahead, for whoever will be asked for one of them soon."""
    for path in (files("pocketfit.runtimes") / "data").iterdir():
        if path.name.startswith("pytorch_android"):
            artifact, _, version = path.name.removesuffix(".json").rpartition("-")
            _load(artifact, version)


@cache
def _load(artifact: str, version: str) -> OperatorList | None:
    path = files("pocketfit.runtimes") / "data" / f"{artifact}-{version}.json"
    if not path.is_file():
        return None
    data = json.loads(path.read_text())
    overloads: dict[str, list[Schema]] = defaultdict(list)
    for line in data["schemas"]:
        schema = parse_schema(line)
        overloads[schema.name].append(schema)
    return OperatorList(
        f"{artifact} {version}",
        tuple(data["bytecode_versions"]),
        tuple(data["file_versions"]),
        data["has_lapack"],
        {name: tuple(schemas) for name, schemas in overloads.items()},
    )
