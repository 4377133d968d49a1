"""pocketfit.toml and a workflow for a repository that has neither, after a look at it that runs none of its code."""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

from pocketfit.builds.git import Git
from pocketfit.builds.packages import PINNED
from pocketfit.commands.survey import find_callables
from pocketfit.config import parse_config
from pocketfit.errors import CommandError, ConfigError
from pocketfit.files import write_text_atomically
from pocketfit.files.saved import SAVED_SUFFIXES, saved_problem
from pocketfit.variants import model_name

log = logging.getLogger(__name__)

CONFIG_FILE = "pocketfit.toml"
WORKFLOW_FILE = ".github/workflows/pocketfit.yml"
REQUIREMENTS_FILE = "requirements.txt"
SKIPPED_FOLDERS = frozenset(
    {"tests", "test", "docs", "build", "dist", "venv", "env", "node_modules", "site-packages", "__pycache__"}
)
# A file that pins another version of what is pinned already can't be installed beside it.
PINNED_LINE = re.compile(rf"^({'|'.join(PINNED)})\s*(==|<|~=).*", re.MULTILINE)
# A source file of more is no model's.
FILE_LIMIT_BYTES = 1_000_000


@dataclass(frozen=True)
class Model:
    """`inputs` as in TOML; None where the source gives them."""

    name: str
    source: str
    inputs: tuple[str, ...] | None


@dataclass(frozen=True)
class Written:
    files: tuple[Path, ...]
    models: tuple[Model, ...]
    notes: tuple[str, ...]


def init(root: Path, *, force: bool = False) -> Written:
    """Write both files; raises ConfigError where one is there, unless forced, or no model is found."""
    _refuse_to_overwrite(root, force)
    models = find_models(root)
    if not models:
        raise ConfigError(
            f"there is no function in {root} that returns an nn.Module and needs no arguments, and no saved "
            f"TorchScript file: write one, or name yours in {CONFIG_FILE} (docs/configuration.md)"
        )
    requirements, notes = _requirements(root)
    config, workflow = config_text(models), workflow_text(requirements)
    # Never a file that `pocketfit run` would refuse.
    parse_config(tomllib.loads(config), CONFIG_FILE)
    write_text_atomically(root / CONFIG_FILE, config)
    write_text_atomically(root / WORKFLOW_FILE, workflow)
    return Written((Path(CONFIG_FILE), Path(WORKFLOW_FILE)), models, notes)


def find_models(root: Path) -> tuple[Model, ...]:
    """Each under a name of its own, in the order of the files."""
    models: dict[str, Model] = {}
    for path in sorted(_files(root)):
        for source, inputs in _models_of(root, path):
            name = model_name(source)
            if name in models:
                name = f"{path.stem}_{name}"
            if name not in models:
                models[name] = Model(name, source, inputs)
    return tuple(models.values())


def config_text(models: tuple[Model, ...]) -> str:
    """pocketfit.toml for these models."""
    lines = ["# What Pocketfit builds; docs/configuration.md of Pocketfit has every key."]
    for model in models:
        lines += ["", f'[models."{model.name}"]' if "." in model.name else f"[models.{model.name}]"]
        lines.append(f'source = "{model.source}"')
        if model.inputs is not None:
            lines += ["# A guess: what forward() takes.", f"inputs = [{', '.join(model.inputs)}]"]
    return "\n".join([*lines, ""])


def workflow_text(requirements: str | None) -> str:
    """The workflow for pull requests that users copy, with the repository's requirements where there are any."""
    text = (files("pocketfit.commands") / "pull-request.yml").read_text("utf-8")
    first, _, rest = text.partition("\n")
    assert first.startswith("#")
    text = f"# What each pull request changes on the phone.\n{rest}"
    device = "          device: jvm\n"
    return text.replace(device, f"{device}          requirements: {requirements}\n") if requirements else text


def _refuse_to_overwrite(root: Path, force: bool) -> None:
    project = root / "pyproject.toml"
    if project.is_file() and "[tool.pocketfit" in project.read_text("utf-8", "replace"):
        raise ConfigError(f"{project} has [tool.pocketfit] already: change it there")
    there = [name for name in (CONFIG_FILE, WORKFLOW_FILE) if (root / name).exists()]
    if there and not force:
        raise ConfigError(
            f"{' and '.join(there)} {'is' if len(there) == 1 else 'are'} there already: use --force to overwrite"
        )


def _models_of(root: Path, path: PurePosixPath) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """The sources in one file, each with guesses of its inputs."""
    full = root / path
    if path.suffix == ".py":
        try:
            if full.stat().st_size <= FILE_LIMIT_BYTES:
                for maker in find_callables(full.read_text("utf-8")):
                    yield f"{path}:{maker.name}", maker.inputs
        except (OSError, SyntaxError, ValueError) as error:
            log.info("not looked at: %s (%s)", path, error)
        return
    if problem := saved_problem(full, str(path)):
        log.info("left out: %s", problem)
    else:
        yield str(path), ("{ shape = [1, 3, 224, 224] }",)


def _files(root: Path) -> Iterator[PurePosixPath]:
    """Python files and saved models that git knows or would; outside git, all that are there."""
    try:
        listed = Git(root).files("--cached", "--others", "--exclude-standard")
    except CommandError:
        listed = [str(path.relative_to(root)) for path in root.rglob("*")]
    for name in listed:
        path = PurePosixPath(name)
        skipped = any(part in SKIPPED_FOLDERS or part.startswith(".") for part in path.parts[:-1])
        test = path.name.startswith(("test_", "conftest", "setup."))
        # A name with a quote or a colon could not be written as a source.
        if path.suffix in (".py", *SAVED_SUFFIXES) and not skipped and not test and re.fullmatch(r"[\w./ -]+", name):
            yield path


def _requirements(root: Path) -> tuple[str | None, tuple[str, ...]]:
    """The file to name in the workflow, and a note where it can't be."""
    path = root / REQUIREMENTS_FILE
    if not path.is_file():
        return None, ()
    pinned = PINNED_LINE.search(path.read_text("utf-8", "replace"))
    if pinned is None:
        return REQUIREMENTS_FILE, ()
    note = (
        f"{REQUIREMENTS_FILE} says {pinned[0].strip()}, while Pocketfit exports with a version of its own: put what "
        f"your models' code needs beside it into a file of its own, and name that as `requirements` in {WORKFLOW_FILE}"
    )
    return None, (note,)
