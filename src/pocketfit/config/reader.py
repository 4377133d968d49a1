"""pocketfit.toml, or [tool.pocketfit] of pyproject.toml, as one frozen value. Nothing past here sees a raw dict."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pocketfit.config.tables import FileTable, known_keys
from pocketfit.errors import ConfigError
from pocketfit.records import Config, DeviceSpec
from pocketfit.text import clean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# A configuration is the pull request's, and what is wrong with it is shown on a terminal.
LONGEST = 2_000
EXAMPLE = '[models.resnet18] with source = "torchvision.models:resnet18" and inputs = [{ shape = [1, 3, 224, 224] }]'


def find_config(root: Path, given: Path | None = None, beside: Path | None = None) -> Path:
    """The configuration of the repository at `root`: `given`, else the nearest one from the folder `beside` upwards.

    Raises ConfigError where there is none.
    """
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"{given}: no such file")
        return given
    for folder in _upwards(beside or root, root):
        plain, project = folder / "pocketfit.toml", folder / "pyproject.toml"
        if plain.is_file():
            return plain
        if project.is_file() and "pocketfit" in _load(project).get("tool", {}):
            return project
    where = str(root) if beside is None or beside.resolve() == root.resolve() else f"{beside}, nor up to {root}"
    raise ConfigError(
        f"no pocketfit.toml (nor [tool.pocketfit] in pyproject.toml) in {where}: write one with {EXAMPLE}"
    )


def _upwards(folder: Path, root: Path) -> Iterator[Path]:
    """The folder and those above it as far as the root, under the names that they have from there."""
    if not folder.resolve().is_relative_to(root.resolve()):
        yield root
        return
    parts = folder.resolve().relative_to(root.resolve()).parts
    yield from (root.joinpath(*parts[:count]) for count in range(len(parts), -1, -1))


def read_config(path: Path) -> Config:
    """Parse the file at `path`; raises ConfigError that names the file, the key and what to write instead."""
    raw = _load(path)
    if path.name == "pyproject.toml":
        raw = raw.get("tool", {}).get("pocketfit", {})
    return parse_config(raw, path.name)


def parse_config(raw: Mapping[str, Any], name: str) -> Config:
    """The configuration in a document that was read already; raises ConfigError that calls it `name`."""
    try:
        file = FileTable.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(clean(f"{name}: {_sentence(error, raw)}", LONGEST)) from error
    models = tuple(model.spec(model_name, file.limits) for model_name, model in file.models.items())
    return Config(models, DeviceSpec(**file.device.model_dump()))


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(clean(f"{path.name}: {error}", LONGEST)) from error


def _sentence(error: ValidationError, raw: Mapping[str, Any]) -> str:
    """The first thing that is wrong, where it stands, and what to do."""
    # A union such as inputs reports every alternative: the one that got furthest is what the user meant.
    first = max(error.errors(), key=lambda problem: (problem["type"] == "extra_forbidden", len(problem["loc"])))
    place = _place(first, raw)
    if first["type"] == "extra_forbidden":
        table, key = place[:-1], str(place[-1])
        near = get_close_matches(key, known_keys(table), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known_keys(table))}"
        return f"unknown key {key!r} in {_table(table)}; {hint}"
    if first["type"] == "missing":
        example = f": add {EXAMPLE}" if place == ["models"] else ""
        return f"{str(place[-1])!r} is missing in {_table(place[:-1])}{example}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {message[0].lower() + message[1:]}"


def _place(problem: ErrorDetails, raw: Mapping[str, Any]) -> list[Any]:
    """The parts of pydantic's place that stand in the file; the others are pydantic's names for members of a union."""
    place: list[Any] = []
    here: Any = raw
    for part in problem["loc"]:
        in_table = isinstance(here, Mapping) and part in here
        in_list = isinstance(here, list) and isinstance(part, int)
        if in_table or in_list:
            here = here[part]
            place.append(part)
    # A key that is missing stands nowhere in the file.
    return [*place, problem["loc"][-1]] if problem["type"] == "missing" else place


def _table(place: list[Any]) -> str:
    return f"[{'.'.join(map(str, place))}]" if place else "the file"
