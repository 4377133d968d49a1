"""Writes what a repository needs to begin: the configuration, the workflow, and what these two name."""

from __future__ import annotations

import logging
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pocketfit.commands.init.builders import builders_text
from pocketfit.commands.init.configuration import NEXT_FORMAT, Entry, Gap, config_text, entries, gaps
from pocketfit.commands.init.listing import list_files
from pocketfit.commands.init.names import BUILDERS_FILE, CONFIG_FILE, PACKAGES_FILE, WORKFLOW_FILE
from pocketfit.commands.init.workflow import Packages, packages_for, workflow_text
from pocketfit.config import parse_config
from pocketfit.errors import ConfigError
from pocketfit.files import write_text_atomically
from pocketfit.files.saved import BROKEN_ARCHIVE, SAVED_SUFFIXES, saved_problem
from pocketfit.survey import Survey, look
from pocketfit.variants import model_name

log = logging.getLogger(__name__)

NOTHING = (
    "no model was seen in {root}: of {files} Python files none has a class with a base such as torch.nn.Module or a "
    "function that returns one, and there is no saved TorchScript file. Name yours: "
    "`pocketfit run --base none --source path/to/file.py:NAME --shape 1,3,224,224`"
)
MOST_NAMES = 8
PROJECT = "pyproject.toml has [tool.pocketfit]"


@dataclass(frozen=True)
class Plan:
    """What init would write: each file with its text, the tables of the configuration, and what to say of them."""

    texts: Mapping[str, str]
    tables: tuple[Entry, ...]
    packages: Packages
    notes: tuple[str, ...] = ()

    def gaps(self) -> tuple[Gap, ...]:
        """What is left to the user."""
        return tuple(
            gap for file in (CONFIG_FILE, BUILDERS_FILE, PACKAGES_FILE) for gap in gaps(self.texts.get(file, ""), file)
        )


@dataclass(frozen=True)
class Written:
    """What became of a plan: files written now, files that were there as they would be written, and files that are
    the user's own and stay.
    """

    plan: Plan
    files: tuple[str, ...]
    same: tuple[str, ...]
    kept: tuple[str, ...]


def init(root: Path, *, force: bool = False) -> Written:
    """Write what is missing; files that are there and differ stay, unless forced. Raises ConfigError for no model."""
    return write(root, plan(root), force=force)


def plan(root: Path) -> Plan:
    """Look at the repository; raises ConfigError where there is no model."""
    paths = list_files(root)
    survey = look(root, paths)
    formats, why = _formats(survey)
    tables = entries(survey.models, formats, why) or _saved(root, paths, formats, why)
    if not tables:
        raise ConfigError(NOTHING.format(root=root, files=survey.files))
    packages = packages_for(root, sorted({name for model in survey.models for name in model.packages}))
    texts = {CONFIG_FILE: config_text(tables), WORKFLOW_FILE: workflow_text(packages.file)}
    # Never a file that `pocketfit run` would refuse.
    parse_config(tomllib.loads(texts[CONFIG_FILE]), CONFIG_FILE)
    if built := [model for model in survey.models if model.needs_builder]:
        texts[BUILDERS_FILE] = builders_text(built)
    if packages.text is not None:
        texts[PACKAGES_FILE] = packages.text
    return Plan(texts, tables, packages, _notes(survey, packages))


def write(root: Path, planned: Plan, *, force: bool = False) -> Written:
    """Write the files of a plan that are not there; what belongs to a configuration stays out where that is another."""
    files, same, kept = [], [], []
    texts = dict(planned.texts)
    if _is_configured(root):
        texts = {WORKFLOW_FILE: texts[WORKFLOW_FILE]}
        kept.append(PROJECT)
    elif not force and (root / CONFIG_FILE).exists() and not _is_same(root / CONFIG_FILE, texts[CONFIG_FILE]):
        texts = {name: text for name, text in texts.items() if name in (CONFIG_FILE, WORKFLOW_FILE)}
    for name, text in texts.items():
        if _is_same(root / name, text, exactly=force):
            same.append(name)
        elif (root / name).exists() and not force:
            kept.append(name)
        else:
            write_text_atomically(root / name, text)
            files.append(name)
    return Written(planned, tuple(files), tuple(same), tuple(kept))


def without_format(planned: Plan, failed: Mapping[str, str], name: str) -> Plan:
    """The plan without a format of ours that these models can't be built in, each with the reason."""
    tables = tuple(
        replace(
            table,
            formats=tuple(one for one in table.formats if one != name),
            why=f"not {name}, which can't be built: {failed[table.name]}",
        )
        if table.name in failed
        else table
        for table in planned.tables
    )
    return replace(planned, tables=tables, texts={**planned.texts, CONFIG_FILE: config_text(tables)})


def _is_configured(root: Path) -> bool:
    project = root / "pyproject.toml"
    return project.is_file() and "[tool.pocketfit" in project.read_text("utf-8", "replace")


def _is_same(path: Path, text: str, *, exactly: bool = False) -> bool:
    """Whether a file has this text, or else the same but for formats, which a check may have taken from it."""
    if not path.is_file():
        return False
    there = path.read_text("utf-8", "replace")
    return there == text or (not exactly and _without_formats(there) == _without_formats(text))


def _without_formats(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("formats = ")]


def _formats(survey: Survey) -> tuple[tuple[str, ...], str]:
    """What is shipped today and the runtime after it, with the reason."""
    shipped = survey.shipping.formats
    if not shipped:
        return ("lite", "executorch"), NEXT_FORMAT
    seen = "; ".join(f"{name} by {file}" for name, file in shipped.items())
    if "executorch" in shipped:
        return tuple(shipped), seen
    return (*shipped, "executorch"), f"{seen}; {NEXT_FORMAT}"


def _saved(root: Path, paths: Sequence[PurePosixPath], formats: tuple[str, ...], why: str) -> tuple[Entry, ...]:
    """Saved files as models, where no code makes one."""
    tables: dict[str, Entry] = {}
    for path in paths:
        if path.suffix not in SAVED_SUFFIXES:
            continue
        if problem := saved_problem(root / path, str(path)):
            log.info("left out: %s", problem)
            continue
        own = formats if path.suffix == ".pt2" else tuple(name for name in formats if name != "executorch") or ("lite",)
        name = model_name(str(path))
        while name in tables:
            name += "_"
        tables[name] = Entry(name, str(path), own, why if own == formats else "", shaped=_sees(root / path))
    return tuple(tables.values())


def _sees(path: Path) -> bool:
    """Whether the code in a saved file convolves pictures."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if info.file_size < 1_000_000]
            return any(b"conv2d" in archive.read(name) for name in names if name.endswith(".py"))
    except BROKEN_ARCHIVE:
        return False


def _notes(survey: Survey, packages: Packages) -> tuple[str, ...]:
    notes = []
    if survey.others:
        more = len(survey.others) - MOST_NAMES
        listed = ", ".join(survey.others[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        notes.append(f"seen too, and left out as parts or unused: {listed}")
    for path in survey.checkpoints:
        notes.append(f"{path} has weights that fit none of these models: they are built with random ones")
    if packages.note:
        notes.append(packages.note)
    return tuple(notes)
