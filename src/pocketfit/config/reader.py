"""pocketfit.toml, or [tool.pocketfit] of pyproject.toml, as one frozen value. Nothing past here sees a raw dict."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pocketfit.config.problems import Problem, problems_of
from pocketfit.config.sources import source_problems
from pocketfit.config.toml import Place, dotted, lines_of
from pocketfit.errors import ConfigError, ConfigProblems, NoConfig
from pocketfit.files import read_named
from pocketfit.records import Config
from pocketfit.text import clean

# A configuration is the pull request's, and what is wrong with it is shown on a terminal.
LONGEST = 2_000
LIMIT_BYTES = 1_000_000
DEEPEST = 64
# In tomllib's own words.
AT_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
TOO_DEEP = f"its tables and lists are nested more than {DEEPEST} deep"
# Where pyproject.toml has it.
TOOL: Place = ("tool", "pocketfit")


def find_config(root: Path, given: Path | None = None, beside: Path | None = None) -> Path:
    """The configuration of the repository at `root`: `given`, else the nearest one from the folder `beside` upwards.

    Raises NoConfig where there is none, ConfigError where the given one is not there.
    """
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"{given}: no such file")
        return given
    for folder in _upwards(beside or root, root):
        plain, project = folder / "pocketfit.toml", folder / "pyproject.toml"
        if plain.is_file():
            return plain
        if project.is_file() and _inside(_load(project)[0], TOOL) is not None:
            return project
    where = str(root) if beside is None or beside.resolve() == root.resolve() else f"{beside}, nor up to {root}"
    raise NoConfig(
        f"no pocketfit.toml (nor [tool.pocketfit] in pyproject.toml) in {where}: `pocketfit init` writes one"
    )


def _upwards(folder: Path, root: Path) -> Iterator[Path]:
    """The folder and those above it as far as the root, under the names that they have from there."""
    if not folder.resolve().is_relative_to(root.resolve()):
        yield root
        return
    parts = folder.resolve().relative_to(root.resolve()).parts
    yield from (root.joinpath(*parts[:count]) for count in range(len(parts), -1, -1))


def read_config(path: Path, root: Path | None = None, only: Collection[str] = ()) -> Config:
    """Parse the file at `path`; with `root`, the tree that it is for, look whether what it names is there too.

    What `only` these models name is looked for, where it has some. Raises ConfigError, which says of each problem the
    file, the line, the key and what to write instead.
    """
    raw, text = _load(path)
    prefix = place_in(path)
    raw = _inside(raw, prefix)

    def shown(problem: Problem) -> tuple[int, str]:
        line = _line_of(lines, (*prefix, *problem.place))
        return line, f"{path.name}:{line}: {_with_place(problem)}"

    table, problems = problems_of({} if raw is None else raw)
    if root is not None:
        problems += source_problems(raw, root, path.parent, only)
    if problems or table is None:
        lines = lines_of(text)
        raise ConfigProblems([clean(said, LONGEST) for _, said in sorted(map(shown, problems))])
    return _config(table)


def place_in(path: Path, place: Place = ()) -> Place:
    """Where a place of the configuration is in the document at `path`, which may hold other things besides."""
    return (*TOOL, *place) if path.name == "pyproject.toml" else place


def parse_config(raw: Mapping[str, Any], name: str, place_of: Callable[[Place], str] | None = None) -> Config:
    """The configuration in a document that was read already; raises ConfigError that calls it `name`.

    `place_of` says what a place in it is called, where people have not written it in a file.
    """
    table, problems = problems_of(raw)
    if table is None:
        shown = [
            f"{place_of(problem.place)}: {problem.said}" if place_of else f"{name}: {_with_place(problem)}"
            for problem in problems
        ]
        raise ConfigProblems([clean(said, LONGEST) for said in shown])
    return _config(table)


def _config(table: Any) -> Config:
    models = tuple(model.spec(name, table.limits) for name, model in table.models.items())
    return Config(models, table.device.spec())


def _load(path: Path) -> tuple[dict[str, Any], str]:
    try:
        # A pull request's, and so perhaps a link to something without an end.
        text = read_named(path, LIMIT_BYTES).decode("utf-8")
        raw = tomllib.loads(text)
        _check_depth(raw)
        return raw, text
    except (ValueError, OSError) as error:
        line = AT_LINE.search(str(error)) if isinstance(error, tomllib.TOMLDecodeError) else None
        where = f"{path.name}:{line[1]}" if line else path.name
        said = str(error).replace(f"{path.name} is ", "it is ", 1)
        raise ConfigError(clean(f"{where}: {said}", LONGEST)) from error
    except RecursionError as error:
        raise ConfigError(clean(f"{path.name}: {TOO_DEEP}", LONGEST)) from error


def _check_depth(raw: Any) -> None:
    """Raise ValueError for what nobody wrote by hand: each level takes a call of all that reads it."""
    level: list[Any] = [raw]
    for _ in range(DEEPEST):
        level = [
            inner
            for item in level
            if isinstance(item, list | dict)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    if level:
        raise ValueError(TOO_DEEP)


def _inside(raw: Any, place: Place) -> Any:
    """What stands at this place of a document, or None."""
    for part in place:
        raw = raw.get(part) if isinstance(raw, Mapping) else None
    return raw


def _line_of(lines: Mapping[Place, int], place: Place) -> int:
    """The line of a place; of what holds it, where it stands nowhere, such as a key that is missing."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _with_place(problem: Problem) -> str:
    return f"{dotted(problem.place)}: {problem.said}" if problem.place else problem.said
