"""The branch at its remote: fetched into a repository of ours, and appended to by a push, which others may win."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pocketfit.builds.git import Git
from pocketfit.data_branch.reading import REGULAR, check_branch
from pocketfit.data_branch.tree import added_files, removed_files
from pocketfit.errors import CommandError, ConfigError, EnvironmentProblem
from pocketfit.files.temporary import temporary_folder
from pocketfit.history.badge import FOLDER as BADGES
from pocketfit.history.entry import FILE_NAME
from pocketfit.history.reading import ENTRIES, ENTRY_LIMIT_BYTES, MARK, MOST_KEPT, MOST_READ, mark_json
from pocketfit.records import HistoryEntry

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*", re.ASCII)
NAME_LENGTH = 100
SIGNED_IN = re.compile(r"^(https?://)[^/@]*@")
TIP = "refs/pocketfit/tip"
TRIES = 6
# What git says where another push came first: ours has to be made anew on top of that.
OVERTAKEN = re.compile(r"\(non-fast-forward\)|\(fetch first\)|cannot lock ref|failed to update ref|incorrect old value")
AUTHOR = "github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com"
PERMISSION = "add the permission `contents: write` under `permissions:` of the job"
PROTECTED = "a rule protects it: leave this branch out of the repository's rules"


@dataclass(frozen=True)
class DataBranch:
    """A branch `name` of the repository at `address`. `settings` are git's, as in Git: the credential."""

    address: str
    name: str
    settings: tuple[tuple[str, str], ...] = ()


def branch_problem(name: str) -> str:
    """Say why a branch can't have this name; empty where it can."""
    if NAME.fullmatch(name) and len(name) <= NAME_LENGTH and not name.endswith(".lock"):
        return ""
    return f"{name[:NAME_LENGTH]!r} can't name a branch: use letters, digits, _ and -, as in pocketfit-history"


def save_folder(branch: DataBranch, folder: Path, most: int = MOST_READ) -> None:
    """Write the newest entries of the branch into a new folder as they are, for whoever reads it as a history.

    Where there is no such branch yet, that history is empty. Raises EnvironmentProblem where it can't be fetched,
    ConfigError where it is no history.
    """
    (folder / ENTRIES).mkdir(parents=True)
    (folder / MARK).write_text(mark_json())
    with _fetched(branch) as (git, tip):
        if tip is None:
            return
        check_branch(git, tip, branch.name)
        blobs = {Path(path).name: blob for path, blob in git.blobs(tip, f"{ENTRIES}/")}
        for name in sorted(name for name in blobs if FILE_NAME.fullmatch(name))[-most:]:
            blob = blobs[name]
            if blob.mode in REGULAR and blob.size_bytes <= ENTRY_LIMIT_BYTES:
                (folder / ENTRIES / name).write_bytes(git.content(blob))


def append(
    branch: DataBranch,
    entry: HistoryEntry,
    *,
    most: int = MOST_KEPT,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Add an entry as one commit on top of what the remote has; the branch is made where it is missing.

    Nothing is ever forced: where another push was faster, it is made anew on top of that one.

    Raises ConfigError where the branch is no history, EnvironmentProblem where the remote takes nothing.
    """
    files = added_files(entry)
    for attempt in range(1, TRIES + 1):
        with _fetched(branch) as (git, tip):
            if tip is not None:
                check_branch(git, tip, branch.name)
            commit = _commit(git, tip, files, entry, most)
            if commit is None:
                return
            try:
                git.run("push", "--quiet", "--", branch.address, f"{commit}:refs/heads/{branch.name}", timeout=120)
                return
            except CommandError as error:
                if not OVERTAKEN.search(error.stderr):
                    raise EnvironmentProblem(f"branch {branch.name} takes no push: {_why(error)}") from error
        sleep(attempt * random.uniform(0.5, 1.5))
    raise EnvironmentProblem(f"branch {branch.name} takes no push: others pushed to it {TRIES} times meanwhile")


@contextmanager
def _fetched(branch: DataBranch) -> Iterator[tuple[Git, str | None]]:
    """A new bare repository of ours, and the branch's commit in it; None where the remote has no such branch.

    The user's repository, its configuration and its hooks have no part in it. Raises EnvironmentProblem.
    """
    with temporary_folder("pocketfit-history-") as folder:
        Git(folder).run("init", "--quiet", "--bare", "--template=", timeout=30)
        settings = (*branch.settings, ("core.hooksPath", "/dev/null"), ("gc.auto", "0"))
        git = Git(folder, settings, bare=True, alone=True)
        ref = f"refs/heads/{branch.name}"
        try:
            there = git.run("ls-remote", "--", branch.address, ref, timeout=120).strip()
            if there:
                git.run(
                    "fetch", "--quiet", "--no-tags", "--depth=1", "--", branch.address, f"+{ref}:{TIP}", timeout=120
                )
        except CommandError as error:
            raise EnvironmentProblem(f"branch {branch.name} can't be fetched: {_why(error)}") from error
        yield git, git.commit(TIP) if there else None


def _commit(git: Git, tip: str | None, files: Mapping[str, str], entry: HistoryEntry, most: int) -> str | None:
    """Make the commit; None where the branch has all of it already."""
    name, mail = AUTHOR
    roles = ("AUTHOR", "COMMITTER")
    variables = {f"GIT_{role}_NAME": name for role in roles} | {f"GIT_{role}_EMAIL": mail for role in roles}
    index = {"GIT_INDEX_FILE": str(git.folder / "pocketfit-index")}
    git.run("read-tree", *([tip] if tip else ["--empty"]), variables=index)
    there = [path for folder in (ENTRIES, BADGES) for path, _ in (git.blobs(tip, f"{folder}/") if tip else ())]
    for path in removed_files(entry, there, most):
        git.run("update-index", "--force-remove", "--", path, variables=index)
    for path, text in files.items():
        source = git.folder / "pocketfit-content"
        source.write_text(text, encoding="utf-8")
        blob = git.run("hash-object", "-w", "--no-filters", "--", source).strip()
        git.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", variables=index)
    tree = git.run("write-tree", variables=index).strip()
    if tip and git.run("rev-parse", f"{tip}^{{tree}}").strip() == tree:
        return None
    parent = ["-p", tip] if tip else []
    return git.run("commit-tree", tree, *parent, "-m", f"Add {entry.commit[:9]}", variables=variables).strip()


def _why(error: CommandError) -> str:
    """Give the remedy, where git's words tell which one it is."""
    said = error.stderr
    if re.search(r"protected branch|rule violations|GH006|GH013", said):
        return PROTECTED
    if re.search(r"\b403\b|Permission to .* denied|Write access to repository not granted", said):
        return f"the token may not write; {PERMISSION}"
    return str(error)


def remote_address(folder: Path) -> str:
    """The address of the repository's `origin`, without a name and password; raises ConfigError where there is none."""
    try:
        return SIGNED_IN.sub(r"\1", Git(folder).run("remote", "get-url", "origin").strip())
    except CommandError as error:
        raise ConfigError(f"{folder} has no remote origin, whose branch the history would be") from error
