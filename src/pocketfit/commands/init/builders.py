"""pocketfit_models.py: functions that make what a table of pocketfit.toml can't name, with saved weights."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from pocketfit.survey import FoundModel
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
    places = [place for model in models for place in (model.place, *model.objects.values())]
    folders = sorted({place.folder for place in places if place.folder})
    needs_path = bool(folders) or any(model.weights for model in models)
    standard = [
        *(["import sys"] if folders else []),
        *(["from argparse import Namespace"] if any(model.namespaces for model in models) else []),
        *(["from pathlib import Path"] if needs_path else []),
    ]
    here = ["HERE = Path(__file__).resolve().parent"] if needs_path else []
    # The path must be there before what is found by it.
    here += [f'sys.path.insert(0, str(HERE / "{folder}"))' for folder in folders]
    late = "  # noqa: E402" if folders else ""
    own = sorted({f"from {place.module} import {place.name.partition('.')[0]}{late}" for place in places})
    parts = [standard, ["import torch"], *([here, own] if folders else [own, here])]
    text = "\n\n".join("\n".join(part) for part in parts if part)
    return "\n\n\n".join([f"{HEADER}\n{text}", *(_function(model) for model in models)])


def _function(model: FoundModel) -> str:
    """One builder; arguments that the configuration gives are handed on."""
    given = [*model.arguments, *model.to_fill]
    parts = [f"{name}={name}" for name in given]
    parts += [f"{name}={place.name}()" for name, place in model.objects.items()]
    parts += [f"{name}={_namespace(values)}" for name, values in model.namespaces.items()]
    made = f"{model.place.name}({', '.join(parts)})"
    if model.unknown:
        lines = [f"        {part}," for part in parts]
        lines += [f"        {name}=None,  {TO_FILL}" for name in model.unknown]
        made = "\n".join([f"{model.place.name}(", *lines, "    )"])
    head = f"def {builder_name(model)}({', '.join(given)}) -> torch.nn.Module:\n"
    if model.weights is None:
        return f"{head}    return {made}\n"
    path = model.weights.checkpoint.path
    lines = [f"    model = {made}", *_loading(model.weights, path), "    return model"]
    return f'{head}    """Load the weights of {path}."""\n' + "\n".join(lines) + "\n"


def _loading(weights: Weights, path: PurePosixPath) -> list[str]:
    """The lines that load a checkpoint, as it is today: under its key, and without what stands before each name."""
    key = f"[{_quoted(weights.checkpoint.wrapper)}]" if weights.checkpoint.wrapper else ""
    lines = [f'    saved = torch.load(HERE / "{path}", map_location="cpu", weights_only=True){key}']
    if weights.prefix:
        plain = f"name.removeprefix({_quoted(weights.prefix)})"
        lines.append(f"    saved = {{{plain}: tensor for name, tensor in saved.items()}}")
    return [*lines, "    model.load_state_dict(saved)"]


def _namespace(values: Mapping[str, Any]) -> str:
    written = (f"{name}={_quoted(value) if isinstance(value, str) else repr(value)}" for name, value in values.items())
    return f"Namespace({', '.join(written)})"


def _quoted(text: str) -> str:
    """A literal with double quotes, as formatters want it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
