"""pocketfit_models.py: functions that make what a table of pocketfit.toml can't name, with saved weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from pocketfit.survey import FoundModel, Place
from pocketfit.survey.checkpoints import Weights

HEADER = '"""Models as Pocketfit builds them. `pocketfit init` wrote this; it is yours to change."""\n'
TO_FILL = "# TODO: fill in"


def builder_name(model: FoundModel) -> str:
    """The function for a model: its class in words with underscores."""
    name = model.place.name.rpartition(".")[2]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return words if words != name else f"{name}_for_mobile"


def builders_text(models: Sequence[FoundModel]) -> str:
    """The file with a function for each of these models."""
    places = [place for model in models for place in _places(model)]
    elsewhere = any(place.folder for place in places)
    needs_path = elsewhere or any(model.weights for model in models)
    standard = [
        *(["import sys"] if elsewhere else []),
        *(["from argparse import Namespace"] if any(model.namespaces for model in models) else []),
        *(["from pathlib import Path"] if needs_path else []),
    ]
    here = ["HERE = Path(__file__).resolve().parent"] if needs_path else []
    parts = [standard, ["import torch"], _imports(place for place in places if not place.folder), here]
    text = "\n\n".join("\n".join(part) for part in parts if part)
    return "\n\n\n".join([f"{HEADER}\n{text}", *(_function(model) for model in models)]) + "\n"


def _places(model: FoundModel) -> list[Place]:
    return [model.place, *(each.place for each in model.objects.values())]


def _imports(places: Iterable[Place]) -> list[str]:
    """A line for each module, as isort has it."""
    names: dict[str, set[str]] = {}
    for place in places:
        names.setdefault(place.module, set()).add(place.name.partition(".")[0])
    return [f"from {module} import {', '.join(sorted(given))}" for module, given in sorted(names.items())]


def _own_imports(model: FoundModel) -> list[str]:
    """What a function imports from folders that are not on the path: another's module may have the same name."""
    places = [place for place in _places(model) if place.folder]
    folders = sorted({place.folder for place in places})
    return (
        [f'    sys.path.insert(0, str(HERE / "{folder}"))' for folder in folders]
        + [f"    {line}" for line in _imports(places)]
        + ([""] if places else [])
    )


def _function(model: FoundModel) -> str:
    """One builder; arguments that the configuration gives are handed on."""
    given = [*model.arguments, *model.to_fill]
    parts = [f"{name}={name}" for name in given]
    parts += [f"{name}={each.place.name}({_keywords(each.values)})" for name, each in model.objects.items()]
    parts += [f"{name}=Namespace({_keywords(values)})" for name, values in model.namespaces.items()]
    made = f"{model.place.name}({', '.join(parts)})"
    if model.unknown:
        lines = [f"        {part}," for part in parts]
        lines += [f"        {name}=None,  {TO_FILL}" for name in model.unknown]
        made = "\n".join([f"{model.place.name}(", *lines, "    )"])
    lines = [f"def {builder_name(model)}({', '.join(given)}) -> torch.nn.Module:"]
    if model.weights is None:
        return "\n".join([*lines, *_own_imports(model), f"    return {made}"])
    path = model.weights.checkpoint.path
    lines += [f'    """Load the weights of {path}."""', *_own_imports(model), f"    model = {made}"]
    return "\n".join([*lines, *_loading(model.weights, path), "    return model"])


def _loading(weights: Weights, path: PurePosixPath) -> list[str]:
    """The lines that load a checkpoint, as it is today: under its key, and without what stands before each name."""
    key = f"[{_quoted(weights.checkpoint.wrapper)}]" if weights.checkpoint.wrapper else ""
    lines = [f'    saved = torch.load(HERE / "{path}", map_location="cpu", weights_only=True){key}']
    if weights.prefix:
        plain = f"name.removeprefix({_quoted(weights.prefix)})"
        lines.append(f"    saved = {{{plain}: tensor for name, tensor in saved.items()}}")
    return [*lines, "    model.load_state_dict(saved)"]


def _keywords(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}={_quoted(value) if isinstance(value, str) else repr(value)}" for name, value in values.items()
    )


def _quoted(text: str) -> str:
    """A literal with double quotes, as formatters want it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
