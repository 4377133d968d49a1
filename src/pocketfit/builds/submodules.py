"""Brings what git's worktree leaves out: submodules, and files whose content Git LFS keeps elsewhere.

`bring` fetches what a commit needs of both, `fill` puts it into a tree without asking any network.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pocketfit.builds.git import Git
from pocketfit.errors import CommandError, EnvironmentProblem
from pocketfit.files import new_file
from pocketfit.files.saved import LFS_VERSION
from pocketfit.files.temporary import temporary_folder

log = logging.getLogger(__name__)

LFS_V1 = f"{LFS_VERSION}v1"
# A pointer has three short lines.
LFS_POINTER_LIMIT_BYTES = 1024
LFS_TIMEOUT_S = 1800


@dataclass(frozen=True)
class Submodule:
    """A folder of a commit that holds another repository's `commit`; `git_dir` is where the clone of it would be."""

    path: str
    commit: str
    git_dir: Path


def bring(git: Git, commit: str) -> tuple[str, ...]:
    """Fetch what a tree of `commit` needs beside it, with git's own settings; returns what could not be fetched."""
    problems = []
    if git.is_partial():
        # git fetches the content that is missing when it writes it, all at once.
        with git.worktree(commit):
            log.debug("%s is here whole", commit)
    for path, module, pinned in _all_submodules(git, _git_dir(git), commit):
        if module is None:
            continue
        try:
            module.bring(pinned)
        except EnvironmentProblem as problem:
            problems.append(f"submodule {path}: {problem}")
    if shutil.which("git-lfs") and _uses_lfs(git, commit):
        try:
            git.run("lfs", "fetch", "origin", commit, timeout=LFS_TIMEOUT_S)
        except CommandError as problem:
            problems.append(f"Git LFS: {problem}")
    return tuple(problems)


def fill(git: Git, commit: str, tree: Path) -> tuple[str, ...]:
    """Complete the worktree `tree` of `commit` from what is here; returns a note on all that is not."""
    try:
        return _fill(git, commit, tree)
    except (CommandError, OSError) as problem:
        return (f"base's submodules and files in Git LFS may be lacking: {problem}",)


def _fill(git: Git, commit: str, tree: Path) -> tuple[str, ...]:
    git_dir = _git_dir(git)
    lacking = []
    for path, module, pinned in _all_submodules(git, git_dir, commit):
        if module and module.commit(pinned):
            _check_out(module, pinned, tree / path)
        else:
            lacking.append(f"{path} at {pinned[:10]}")
    pointers = [(path, oid) for path, oid in _pointers(git, tree) if not _put(git_dir, oid, tree / path)]
    notes = []
    if lacking:
        notes.append(
            f"base's submodules are empty, since their commits are not here: {_few(lacking)} "
            "(in a workflow: actions/checkout with submodules: true)"
        )
    if pointers:
        names = [path for path, _ in pointers]
        notes.append(
            f"base's files in Git LFS are pointers, since their content is not here: {_few(names)} "
            f"(`git lfs fetch origin {commit[:10]}`; in a workflow: actions/checkout with lfs: true)"
        )
    return tuple(notes)


def _git_dir(git: Git) -> Path:
    return (git.folder / git.run("rev-parse", "--git-common-dir").strip()).resolve()


def _all_submodules(git: Git, git_dir: Path, commit: str, within: str = "") -> Iterator[tuple[str, Git | None, str]]:
    """Path in the tree, the clone if there is one, and the commit pinned; those inside follow once that is here."""
    for submodule in _submodules(git, git_dir, commit):
        module = Git(submodule.git_dir, git.settings, bare=True) if submodule.git_dir.is_dir() else None
        yield f"{within}{submodule.path}", module, submodule.commit
        if module and module.commit(submodule.commit):
            yield from _all_submodules(module, submodule.git_dir, submodule.commit, f"{within}{submodule.path}/")


def _submodules(git: Git, git_dir: Path, commit: str) -> Iterator[Submodule]:
    entries = git.run("ls-tree", "-r", "-z", "--full-tree", commit).split("\0")
    links = [entry.partition("\t") for entry in entries if entry.startswith("160000 ")]
    if not links:
        return
    names = _submodule_names(git, commit)
    for head, _, path in links:
        name = PurePosixPath(names.get(path, path))
        if not name.is_absolute() and ".." not in name.parts:
            yield Submodule(path, head.split()[2], git_dir / "modules" / name)


def _submodule_names(git: Git, commit: str) -> dict[str, str]:
    """By path, as .gitmodules of that commit has them."""
    try:
        output = git.run("config", "--blob", f"{commit}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$")
    except CommandError:
        return {}
    pairs = [entry.partition("\n") for entry in output.split("\0") if entry]
    return {path: key.removeprefix("submodule.").removesuffix(".path") for key, _, path in pairs}


def _check_out(module: Git, commit: str, target: Path) -> None:
    """Write a commit's files with an index of our own: the clone and its index stay as they are."""
    target.mkdir(parents=True, exist_ok=True)
    with temporary_folder("pocketfit-index-") as folder:
        where = {"GIT_DIR": str(module.folder), "GIT_WORK_TREE": str(target), "GIT_INDEX_FILE": f"{folder}/index"}
        where["GIT_LFS_SKIP_SMUDGE"] = "1"
        module.run("read-tree", commit, variables=where)
        Git(target).run("checkout-index", "--all", "--force", timeout=600, variables=where)


def _uses_lfs(git: Git, commit: str) -> bool:
    return bool(_grep(git, LFS_V1, commit))


def _pointers(git: Git, tree: Path) -> Iterator[tuple[str, str]]:
    """Path and SHA-256 of each file that is a pointer instead of its content."""
    for path in _grep(Git(tree), LFS_V1):
        file = tree / path
        if file.is_symlink() or file.stat().st_size > LFS_POINTER_LIMIT_BYTES:
            continue
        lines = file.read_text("utf-8", "replace").splitlines()
        oid = next((line.removeprefix("oid sha256:") for line in lines if line.startswith("oid sha256:")), "")
        if lines[:1] == [LFS_V1] and len(oid) == 64 and oid.isalnum():
            yield path, oid


def _grep(git: Git, text: str, *commits: str) -> list[str]:
    try:
        output = git.run("grep", "-z", "-l", "--fixed-strings", "-e", text, *commits, timeout=300)
    except CommandError as error:
        if error.code == 1 and not error.stderr:
            return []
        raise
    return [name for name in output.split("\0") if name]


def _put(git_dir: Path, oid: str, target: Path) -> bool:
    """Copy a file's content from the clone's LFS store into the tree; False where the store lacks it."""
    content = git_dir / "lfs/objects" / oid[:2] / oid[2:4] / oid
    if not content.is_file():
        return False
    with content.open("rb") as kept, new_file(target) as copy:
        shutil.copyfileobj(kept, copy)
    return True


def _few(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
