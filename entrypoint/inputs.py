"""The action's inputs, as the runner puts them into the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from pocketfit.data_branch.remote import branch_problem
from pocketfit.errors import ConfigError
from pocketfit.github.comment import DEFAULT_KEY, marker
from pocketfit.github.comment import Mode as CommentMode
from pocketfit.github.publish import parse_mode
from pocketfit.shards.plan import MAX_SHARDS
from pocketfit.variants import parse_shapes

Task = Literal["check", "export", "report", "plan", "merge"]

# Mode `auto` does this for an event. For others it would have to guess.
TASKS: dict[str, Task] = {
    "pull_request": "check",
    "push": "check",
    "merge_group": "check",
    "workflow_dispatch": "export",
    "workflow_run": "report",
}

# What the image without PyTorch can do (Dockerfile.comment).
COMMENT_TASKS: tuple[Task, ...] = ("report", "merge")


@dataclass(frozen=True)
class OneModel:
    """One model that stands in for a configuration file, in the words of the command line."""

    source: str
    shapes: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()

    def words(self) -> list[str]:
        options = {"--shape": self.shapes, "--format": self.formats, "--precision": self.precisions}
        repeated = [word for option, values in options.items() for value in values for word in (option, value)]
        return ["--source", self.source, *repeated]


@dataclass(frozen=True)
class Inputs:
    mode: str = "auto"
    config: str | None = None
    model: OneModel | None = None
    base: str | None = None
    device: str | None = None
    comment: CommentMode = "changes"
    comment_key: str = DEFAULT_KEY
    check_run: bool = False
    requirements: str | None = None
    cache: str | None = None
    out: str = "pocketfit-out"
    emulator_image: str | None = None
    variants: tuple[str, ...] = ()
    shards: int | None = None
    costs: str | None = None
    results: str | None = None
    history: str | None = None


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """An input that is not set arrives as an empty string."""

    def get(name: str) -> str | None:
        return environ.get(f"INPUT_{name.upper()}", "").strip() or None

    key = get("comment-key") or DEFAULT_KEY
    marker(key)
    inputs = Inputs(
        mode=get("mode") or "auto",
        config=get("config"),
        model=_one_model(get("model"), get("input-shape"), get("formats"), get("precisions")),
        base=get("base"),
        device=get("device"),
        comment=parse_mode(get("comment") or "changes"),
        comment_key=key,
        check_run=_switch("check-run", get("check-run")),
        requirements=_inside("requirements", get("requirements")),
        cache=_inside("cache", get("cache")),
        out=_inside("out", get("out")) or Inputs.out,
        emulator_image=get("emulator-image"),
        variants=_words(get("variants")),
        shards=_shards(get("shards")),
        costs=_inside("costs", get("costs")),
        results=_inside("results", get("results")),
        history=_branch(get("history")),
    )
    if inputs.config and inputs.model:
        raise ConfigError("set either the input config or the input model, not both: model stands in for a config file")
    return inputs


def task_of(mode: str, event: str) -> Task:
    """Return the task: the mode itself, or what mode `auto` does for the event."""
    match mode:
        case "check" | "export" | "report" | "plan" | "merge":
            return mode
        case "auto" if task := TASKS.get(event):
            return task
        case "auto":
            raise ConfigError(f"mode auto does not know what to do for the event {event}: set mode to check or export")
    raise ConfigError(f"mode: {mode!r} is none of auto, check, export, report, plan, merge")


def check_image(task: Task, environ: Mapping[str, str]) -> None:
    """Raise ConfigError for a task that the small image, of comment/action.yml, has no programs for."""
    if environ.get("POCKETFIT_IMAGE") == "comment" and task not in COMMENT_TASKS:
        raise ConfigError(
            f"mode {task} needs PyTorch, which this action's small image has not: use pocketfit/pocketfit for it, and "
            "pocketfit/pocketfit/comment for the modes report and merge"
        )


def _one_model(source: str | None, shape: str | None, formats: str | None, precisions: str | None) -> OneModel | None:
    if source is None:
        belonging = {"input-shape": shape, "formats": formats, "precisions": precisions}
        if extra := [name for name, value in belonging.items() if value]:
            raise ConfigError(f"the input {extra[0]} belongs to the input model, which is not set")
        return None
    shapes = tuple(part.strip() for part in (shape or "").replace("\n", ";").split(";") if part.strip())
    # The command line reads them again; here the sentence names the input.
    parse_shapes(shapes, "input-shape")
    return OneModel(source, shapes, _words(formats), _words(precisions))


def _words(text: str | None) -> tuple[str, ...]:
    return tuple((text or "").replace(",", " ").split())


def _switch(name: str, text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise ConfigError(f"{name}: {text!r} is neither true nor false")
    return text == "true"


def _shards(text: str | None) -> int | None:
    if text is not None and not (re.fullmatch(r"[1-9]\d{0,2}", text) and int(text) <= MAX_SHARDS):
        raise ConfigError(f"shards: {text!r} is not a number from 1 to {MAX_SHARDS}")
    return int(text) if text else None


def _branch(name: str | None) -> str | None:
    if name is not None and (problem := branch_problem(name)):
        raise ConfigError(f"history: {problem}")
    return name


def _inside(name: str, value: str | None) -> str | None:
    """A path that later steps find too: only the workspace outlives the container."""
    if value is None:
        return None
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
        raise ConfigError(f"{name}: {value!r} is not a path inside the workspace, relative to it")
    return str(path)
