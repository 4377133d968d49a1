"""The workflow for pull requests, and the packages that the models' code needs in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pocketfit.builds.packages import PINNED
from pocketfit.commands.init.names import PACKAGES_FILE, TODO

REQUIREMENTS_FILE = "requirements.txt"
NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
# A file that pins another version of what is pinned already can't be installed beside it.
PINS = re.compile(r"==|<|~=")
HEADER = "# What the models' code needs beside Pocketfit's own torch. `pocketfit init` wrote it, from {}.\n"


@dataclass(frozen=True)
class Packages:
    """The requirements file to name, None where none is needed; `text` is what to write into it, None where it is
    the repository's own. `note` says why.
    """

    file: str | None = None
    text: str | None = None
    note: str = ""


def workflow_text(requirements: str | None) -> str:
    """The workflow for pull requests that users copy, with the repository's requirements where there are any."""
    text = (files("pocketfit.commands") / "pull-request.yml").read_text("utf-8")
    first, _, rest = text.partition("\n")
    assert first.startswith("#")
    text = f"# What each pull request changes on the phone.\n{rest}"
    device = "          device: jvm\n"
    return text.replace(device, f"{device}          requirements: {requirements}\n") if requirements else text


def packages_for(root: Path, imported: Sequence[str]) -> Packages:
    """What to install for models whose code imports these packages of others."""
    if not imported:
        return Packages()
    listed = ", ".join(imported)
    path = root / REQUIREMENTS_FILE
    if path.is_file():
        lines = path.read_text("utf-8", "replace").splitlines()
        pinned = [line.strip() for line in lines if _is_ours(line) and PINS.search(line)]
        if not pinned:
            return Packages(REQUIREMENTS_FILE, note=f"the models' code imports {listed}: {REQUIREMENTS_FILE} has it")
        return _written([line for line in lines if not _is_ours(line)], REQUIREMENTS_FILE, listed, pinned[0])
    declared = _declared(root)
    kept = [line for line in declared if not _is_ours(line)]
    if kept:
        ours = next((line for line in declared if _is_ours(line)), "")
        return _written(kept, "pyproject.toml", listed, ours)
    # Never a guess: the name of a module is not always that of what brings it.
    text = HEADER.format("imports") + f"{TODO}: name the packages that bring {listed}, one a line\n"
    note = f"the models' code imports {listed}, which no {REQUIREMENTS_FILE} or pyproject.toml here asks for"
    return Packages(PACKAGES_FILE, text, note)


def _written(lines: Sequence[str], source: str, listed: str, ours: str) -> Packages:
    said = f": {source} asks for {ours}, and Pocketfit brings its own" if ours else ""
    text = HEADER.format(source) + "\n".join(lines).strip() + "\n"
    return Packages(PACKAGES_FILE, text, f"the models' code imports {listed}; {PACKAGES_FILE} has it{said}")


def _declared(root: Path) -> list[str]:
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("project", {})
    except (OSError, ValueError):
        return []
    declared = project.get("dependencies", []) if isinstance(project, dict) else []
    return [line for line in declared if isinstance(line, str)] if isinstance(declared, list) else []


def _is_ours(line: str) -> bool:
    """Whether a requirement is for what Pocketfit brings, or an option of where to find it."""
    if line.strip().startswith(("--extra-index-url", "--index-url", "-i ", "-f ", "--find-links")):
        return "download.pytorch.org" in line
    match = NAME.match(line)
    return match is not None and re.sub(r"[-_.]+", "-", match[1]).lower() in PINNED
