"""The history: brought for the run, which has no token, and appended to after a push to the default branch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from entrypoint.find_base import credentials
from entrypoint.inputs import Inputs, Task
from entrypoint.workflow_commands import annotate
from pocketfit.builds.git import Git
from pocketfit.data_branch.remote import DataBranch, append, remote_address, save_folder
from pocketfit.errors import ConfigError, PocketfitError
from pocketfit.files.temporary import temporary_folder
from pocketfit.github.context import Context
from pocketfit.history.entry import commit_date, entry_of
from pocketfit.records import Report


@dataclass(frozen=True)
class Past:
    """The history of this job: its branch, and the commit that is checked out with its date."""

    branch: DataBranch
    commit: str
    date: str


@contextmanager
def history_at_hand(
    context: Context, inputs: Inputs, task: Task, log: TextIO
) -> Iterator[tuple[Past | None, list[str]]]:
    """The history, and words for the command line that name a folder with its entries, for as long as the block runs.

    Both are empty where none is wanted. What can't be had is a warning, and the run goes on without. All that the
    user's repository is asked for is asked here, before any code of models can have changed its settings.
    """
    if inputs.history is None or task not in ("check", "merge"):
        yield None, []
        return
    # The run's user must be able to walk in.
    with temporary_folder("pocketfit-history-", 0o755) as parent:
        past, words = None, []
        try:
            git = Git(context.workspace)
            branch = DataBranch(remote_address(context.workspace), inputs.history, credentials(context))
            past = Past(branch, git.commit("HEAD") or "", commit_date(git.commit_seconds("HEAD")))
            save_folder(branch, parent / "history")
            words = ["--history", str(parent / "history")]
        except PocketfitError as problem:
            annotate(log, "warning", f"no history: {problem}")
        yield past, words


def is_kept(context: Context, inputs: Inputs, task: Task) -> bool:
    """Tell whether this job's report is one for the history: whole, and of a push to the default branch.

    A pull request, from a fork or not, never is: neither its event nor its ref is that.
    """
    default = context.default_branch
    return (
        context.event == "push"
        and default is not None
        and context.ref == f"refs/heads/{default}"
        and task in ("check", "merge")
        and not inputs.variants
    )


def keep(past: Past, context: Context, report: Report, log: TextIO) -> None:
    """Append a report to the history; what keeps it from that is a warning."""
    branch = past.branch
    try:
        if context.ref == f"refs/heads/{branch.name}":
            raise ConfigError(f"{branch.name} is the branch that was pushed to")
        entry = entry_of(report, past.date)
        if entry.commit != past.commit:
            raise ConfigError(f"the report is of {entry.commit[:9]}, and {past.commit[:9]} is checked out")
        append(branch, entry)
    except PocketfitError as problem:
        annotate(log, "warning", f"not kept in the history: {problem}")
    else:
        log.write(f"kept {entry.commit[:9]} in the history, on branch {branch.name}\n")
