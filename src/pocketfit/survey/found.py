"""What a look at a repository finds: models as pocketfit.toml names them, and what they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pocketfit.survey.candidates import Candidate
from pocketfit.survey.checkpoints import SUFFIXES, Checkpoint, Weights, read_checkpoint, weights_for
from pocketfit.survey.choice import Chosen, choose
from pocketfit.survey.code import Code, Source
from pocketfit.survey.inputs.guess import Inputs
from pocketfit.survey.reading import read_code
from pocketfit.survey.shipping import Shipping, find_shipping
from pocketfit.survey.thirdparty import imported_by

if TYPE_CHECKING:
    import griffe

PACKAGE = "__init__.py"


@dataclass(frozen=True)
class Place:
    """Where something can be imported from: a folder of the repository ("" is its root), a module, and a name."""

    folder: str
    module: str
    name: str


@dataclass(frozen=True)
class MadeObject:
    """An argument that is an object: where its class is, and the arguments of that one's own."""

    place: Place
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundModel:
    """A model: `source` as the configuration takes it, its class or function by name, and where that is.

    `to_fill` are arguments that only the user knows, with an empty value of their type. `objects` and `namespaces` are
    arguments that TOML can't write. `inputs` is None where the source gives its own. `packages` are what its code
    imports of others, and `seen_in` is the call that `arguments` are from.
    """

    source: str
    place: Place
    arguments: Mapping[str, Any] = field(default_factory=dict)
    to_fill: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, MadeObject] = field(default_factory=dict)
    namespaces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    inputs: Inputs | None = None
    weights: Weights | None = None
    packages: tuple[str, ...] = ()
    seen_in: str = ""

    @property
    def needs_builder(self) -> bool:
        """Whether a function must be written that makes it."""
        return bool(self.weights or self.objects or self.namespaces or self.unknown)


@dataclass(frozen=True)
class Survey:
    """`others` are modules that were seen and are not among the models; `files` counts the Python files that were read;
    `checkpoints` are weights that no model was found for.
    """

    models: tuple[FoundModel, ...]
    others: tuple[str, ...]
    files: int
    shipping: Shipping
    checkpoints: tuple[PurePosixPath, ...] = ()


def look(root: Path, paths: Sequence[PurePosixPath]) -> Survey:
    """Read these files of the repository; nothing in them is imported or run."""
    code = read_code(root, [path for path in paths if path.suffix == ".py"])
    chosen, others = choose(code, root)
    checkpoints = [found for path in paths if path.suffix in SUFFIXES and (found := read_checkpoint(root, path))]
    models = tuple(_model(code, one, checkpoints) for one in chosen)
    used = {model.weights.checkpoint.path for model in models if model.weights}
    left = tuple(one.path for one in checkpoints if one.path not in used) if not used else ()
    return Survey(models, others, len(code.sources), find_shipping(root, paths), left)


def _model(code: Code, chosen: Chosen, checkpoints: Iterable[Checkpoint]) -> FoundModel:
    candidate, arguments = chosen.candidate, chosen.candidate.arguments
    source = code.source_of(candidate.found)
    place = place_of(code, candidate.found)
    return FoundModel(
        f"{source.path}:{place.name}",
        place,
        arguments.values,
        arguments.to_fill,
        {name: MadeObject(place_of(code, each.found), each.values) for name, each in arguments.objects.items()},
        arguments.namespaces,
        arguments.unknown,
        chosen.inputs,
        _weights(code, candidate, tuple(checkpoints)),
        imported_by(code, source),
        arguments.seen_in,
    )


def _weights(code: Code, candidate: Candidate, checkpoints: Sequence[Checkpoint]) -> Weights | None:
    """The saved weights of a model whose own code does not load any."""
    target = candidate.made.target
    if candidate.loads or candidate.made.with_inputs or isinstance(target, str):
        return None
    return weights_for(code, target, checkpoints)


def place_of(code: Code, found: griffe.Object) -> Place:
    """Where a class or function can be imported from."""
    source = code.source_of(found)
    name = found.path.removeprefix(f"{source.module.path}.")
    package = _package(code, source)
    if package is not None:
        parts = source.path.with_suffix("").parts[len(package.parent.parts) :]
        module = ".".join(parts[:-1] if source.path.name == PACKAGE else parts)
        return Place(_folder(package.parent), module, name)
    # A file of no package finds its neighbours by their bare names.
    return Place(_folder(source.path.parent), source.path.stem, name)


def _package(code: Code, source: Source) -> PurePosixPath | None:
    """The topmost folder of the package that a file belongs to, if it does."""
    files = {each.path for each in code.sources.values()}
    found = None
    for folder in source.path.parents:
        if folder / PACKAGE not in files:
            break
        found = folder
    return found


def _folder(path: PurePosixPath) -> str:
    return "" if str(path) == "." else str(path)
