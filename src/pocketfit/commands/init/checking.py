"""Builds what init wrote, once, as `pocketfit export` does, so that its first words are about something that works."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pocketfit import pipeline
from pocketfit.builds.git import NO_BASE
from pocketfit.builds.sandbox import Sandbox
from pocketfit.builds.sides import Request, read_head
from pocketfit.commands.init.names import CONFIG_FILE
from pocketfit.commands.init.writing import Written, without_format, write
from pocketfit.errors import VERDICT_FAILED, ConfigError, EnvironmentProblem, PocketfitError
from pocketfit.files.temporary import temporary_folder
from pocketfit.records import Built, Failed, Outcome
from pocketfit.staging import staged

log = logging.getLogger(__name__)

# The format that init adds to what a repository ships today.
ADDED = "executorch"


@dataclass(frozen=True)
class Checked:
    """What became of each variant; `problem` says why nothing could be built at all, and `code` is its exit code."""

    outcomes: tuple[Outcome, ...] = ()
    problem: str = ""
    code: int = 0

    def failed(self) -> tuple[Failed, ...]:
        return tuple(one for one in self.outcomes if isinstance(one, Failed))

    def left_failing(self, written: Written) -> tuple[Failed, ...]:
        """The variants that fail and that the configuration still has."""
        formats = {table.name: table.formats for table in written.plan.tables}
        return tuple(one for one in self.failed() if one.variant.format in formats.get(one.variant.model, ()))

    def exit_code(self, written: Written) -> int:
        """The code that a run of what was written would end with; 0 where all is well."""
        return self.code or (VERDICT_FAILED if self.left_failing(written) else 0)


def check(root: Path, written: Written, sandbox: Sandbox) -> tuple[Written, Checked]:
    """Build every model that nothing is missing of; a format that init alone had added goes again where it fails."""
    left_open = {gap.model for gap in written.plan.gaps()}
    names = [
        table.name
        for table in written.plan.tables
        if table.name not in left_open and table.source.rpartition(":")[2] not in left_open
    ]
    # Without the packages that only the user can name, nothing can be imported.
    if not names or "" in left_open:
        return written, Checked()
    checked = _build(root, names, written.plan.packages.file, sandbox)
    built = {one.variant.model for one in checked.outcomes if isinstance(one, Built)}
    failed = {
        one.variant.model: one.reason
        for one in checked.failed()
        if one.variant.format == ADDED and one.variant.model in built
    }
    if not failed or CONFIG_FILE not in written.files or _ships(written):
        return written, checked
    planned = without_format(written.plan, failed, ADDED)
    write(root, planned, force=True)
    return Written(planned, written.files, written.same, written.kept), checked


def _ships(written: Written) -> bool:
    """Whether the repository ships the format itself."""
    return any(f"{ADDED} by " in table.why for table in written.plan.tables)


def _build(root: Path, names: Sequence[str], requirements: str | None, sandbox: Sandbox) -> Checked:
    if find_spec("torch") is None:
        return Checked(problem="torch is not installed here", code=EnvironmentProblem.exit_code)
    try:
        head = read_head(Request(root, NO_BASE, config=root / CONFIG_FILE, models=tuple(names)))
        with temporary_folder("pocketfit-init-") as folder, staged(folder / "out") as staging:
            return Checked(pipeline.export(head, staging, sandbox, requirements).outcomes)
    except ConfigError as problem:
        # 2 is for a repository that nothing could be written for.
        return Checked(problem=str(problem), code=VERDICT_FAILED)
    except PocketfitError as problem:
        return Checked(problem=str(problem), code=problem.exit_code)
