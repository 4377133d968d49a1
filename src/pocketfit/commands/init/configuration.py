"""The text of pocketfit.toml, with a comment beside each value that was guessed or is left to the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pocketfit.commands.init.builders import builder_name
from pocketfit.commands.init.names import BUILDERS_FILE, TODO
from pocketfit.config.schema import SCHEMA_URL
from pocketfit.config.toml import written
from pocketfit.survey import FoundModel
from pocketfit.survey.inputs.guess import Inputs
from pocketfit.survey.inputs.layers import Guess
from pocketfit.variants import model_name

HEADER = (
    f"#:schema {SCHEMA_URL}",
    "# What Pocketfit builds. `pocketfit init` wrote it after a look at the code: each guess has a comment.",
)
FILL_IN = "# fill in"
# Why there is a second format.
NEXT_FORMAT = "executorch: the runtime that follows PyTorch Mobile, and the one for phones with 16 kB pages"


@dataclass(frozen=True)
class Entry:
    """One [models.NAME] table. `formats` are with the reason for them; `model` is None for a saved file.

    `shaped` says that a saved file takes pictures, by what is in it.
    """

    name: str
    source: str
    formats: tuple[str, ...]
    why: str
    model: FoundModel | None = None
    shaped: bool = False


@dataclass(frozen=True)
class Gap:
    """What only the user knows: the file and line, what is missing there, and the model or its function."""

    file: str
    line: int
    what: str
    model: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.place}, {self.what}" + (f" of {self.model}" if self.model else "")


def entries(models: Sequence[FoundModel], formats: tuple[str, ...], why: str) -> tuple[Entry, ...]:
    """A table for each model, each under a name of its own."""
    made: dict[str, Entry] = {}
    for model in models:
        name = model_name(model.source)
        if name in made:
            name = model_name(f":{model.place.module.rpartition('.')[2]}_{name}")
        while name in made:
            name += "_"
        source = f"{BUILDERS_FILE}:{builder_name(model)}" if model.needs_builder else model.source
        made[name] = Entry(name, source, formats, why, model)
    return tuple(made.values())


def config_text(tables: Sequence[Entry]) -> str:
    """pocketfit.toml with these tables."""
    lines = [*HEADER]
    for entry in tables:
        lines += ["", f'[models."{entry.name}"]' if "." in entry.name else f"[models.{entry.name}]"]
        lines.append(f'source = "{entry.source}"')
        if entry.model is None:
            lines += _saved_inputs(entry)
        else:
            lines += _arguments(entry.model)
            if entry.model.inputs is not None:
                lines += _inputs(entry.model.inputs)
        quoted = ", ".join(f'"{name}"' for name in entry.formats)
        lines.append(f"formats = [{quoted}]" + (f"  # {entry.why}" if entry.why else ""))
    return "\n".join([*lines, ""])


def gaps(text: str, file: str) -> tuple[Gap, ...]:
    """What a text leaves to the user, by its comments."""
    found = []
    model = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("[models.", "def ")):
            model = line.removeprefix("[models.").removeprefix("def ").partition("(")[0].strip('"[]')
        if FILL_IN in line or f"{TODO}: " in line:
            what = line.partition(FILL_IN)[2] if line.startswith("arguments") else line.partition("=")[0]
            what = "the inputs" if line.startswith(TODO) and model else what.strip()
            found.append(Gap(file, number, what.removeprefix(f"{TODO}: "), model))
    return tuple(found)


def line_of(text: str, name: str, key: str) -> int:
    """The line of a model's key, else that of its table."""
    number = start = 1
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            inside = line in (f"[models.{name}]", f'[models."{name}"]')
            start = number if inside else start
        if inside and line.startswith(f"{key} "):
            return number
    return start


def _arguments(model: FoundModel) -> list[str]:
    values = {**model.arguments, **model.to_fill}
    if not values:
        return []
    comment = (
        f"  {FILL_IN} {' and '.join(model.to_fill)}"
        if model.to_fill
        else (f"  # as in {model.seen_in}" if model.seen_in else "")
    )
    return [f"arguments = {written(values)}{comment}"]


def _inputs(inputs: Inputs) -> list[str]:
    names = ", ".join(each.name for each in inputs.inputs)
    if not inputs.known:
        unknown = " and ".join(each.name for each in inputs.inputs if each.guess is None)
        written = ", ".join(_input(each.guess) if each.guess else "{ shape = [] }" for each in inputs.inputs)
        return [
            f"{TODO}: take away the # and write the shape of {unknown}, of forward({names})",
            f"# inputs = [{written}]",
        ]
    seen = f"as in {inputs.seen_in}" if inputs.seen_in else "a guess by its layers and names"
    return [
        f"# forward({names}): {seen}",
        f"inputs = [{', '.join(_input(each.guess) for each in inputs.inputs if each.guess)}]",
    ]


def _saved_inputs(entry: Entry) -> list[str]:
    if entry.shaped:
        return ["# A guess, since there is a convolution in it.", "inputs = [{ shape = [1, 3, 224, 224] }]"]
    return [f"{TODO}: take away the # and write the shapes of what forward takes", "# inputs = [{ shape = [] }]"]


def _input(guess: Guess) -> str:
    parts = [f"shape = {list(guess.shape)}"]
    if guess.dtype != "float32":
        parts.append(f'dtype = "{guess.dtype}"')
    if guess.low is not None and guess.high is not None:
        parts += [f"low = {guess.low}", f"high = {guess.high}"]
    return f"{{ {', '.join(parts)} }}"
