"""The one place that speaks git. Nothing here changes the user's index, branches, stash or files."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pocketfit.errors import CommandError, ConfigError, EnvironmentProblem, PocketfitError
from pocketfit.files.temporary import is_abandoned, temporary_folder
from pocketfit.process import output_of, run
from pocketfit.sandbox.order import ResourceLimits
from pocketfit.supervised import finish_supervised
from pocketfit.text import is_sha

log = logging.getLogger(__name__)

# Stands where a ref could, for a run that compares with nothing.
NO_BASE = "none"
SHALLOW = "fetch more history (in a workflow: actions/checkout with fetch-depth: 0)"
# Files in Git LFS are as large as they are.
LFS_LIMITS = ResourceLimits(file_bytes=1 << 50, open_files=4096)
NO_SUCH_BASE = "base {ref!r} is not a commit, branch or tag of this repository: see `git branch -a`"


@dataclass(frozen=True)
class Blob:
    """A file in a commit: its mode as git writes it, the object that holds it, and its size."""

    mode: str
    object: str
    size_bytes: int


@dataclass(frozen=True)
class Git:
    """The repository that contains `folder`.

    `settings` are pairs of key and value that git gets by its environment, since credentials must stand in no argv
    and no file. `bare` takes the folder for the repository itself, whatever tree it says it belongs to. `alone` reads
    no configuration of the user's, which code of models may have written to.
    """

    folder: Path
    settings: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    bare: bool = False
    alone: bool = False

    def root(self) -> Path:
        try:
            return Path(self.run("rev-parse", "--show-toplevel").strip())
        except CommandError as error:
            if "not a git repository" in error.stderr:
                raise ConfigError(
                    f"{self.folder} is not in a git repository: run `git init` and commit, or use --base none"
                ) from error
            raise EnvironmentProblem(f"git can't read {self.folder}: {error}") from error

    def commit(self, ref: str) -> str | None:
        """The SHA that `ref` names, or None where there is no such commit here."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
        except CommandError:
            return None

    def parents(self) -> tuple[str, ...]:
        """HEAD's parents as its commit names them, also where a shallow clone pretends that there are none."""
        header = self.run("cat-file", "commit", "HEAD").partition("\n\n")[0]
        return tuple(line.removeprefix("parent ") for line in header.splitlines() if line.startswith("parent "))

    def commit_seconds(self, sha: str) -> int:
        """When this commit was made, in seconds since 1970; raises CommandError where it is not here."""
        return int(self.run("show", "--no-patch", "--format=%ct", "--end-of-options", f"{sha}^{{commit}}"))

    def blobs(self, commit: str, path: str) -> list[tuple[str, Blob]]:
        """List the files that a commit has at `path`, or in it where it ends in a slash; raises CommandError."""
        found = []
        for line in filter(None, self.run("ls-tree", "--full-tree", "-lz", commit, "--", path).split("\0")):
            about, _, name = line.partition("\t")
            mode, kind, object_, size = about.split()
            if kind == "blob":
                found.append((name, Blob(mode, object_, int(size))))
        return found

    def content(self, blob: Blob) -> bytes:
        """Read a file of a commit, as it is there; what is no UTF-8 in it is replaced. Raises CommandError."""
        return self.run("cat-file", "blob", blob.object).encode()

    def is_dirty(self) -> bool:
        """Return whether tracked files differ from HEAD, or new files are there that git does not ignore."""
        # --no-optional-locks: `git status` would otherwise refresh, i.e. write, the user's index.
        return bool(self.run("--no-optional-locks", "status", "--porcelain", "--untracked-files=normal").strip())

    def is_shallow(self) -> bool:
        return self.run("rev-parse", "--is-shallow-repository").strip() == "true"

    def is_partial(self) -> bool:
        """Return whether this clone left content out that git fetches when it is asked for."""
        try:
            return bool(self.run("config", "--get-regexp", r"^remote\..*\.promisor$").strip())
        except CommandError:
            return False

    def default_base(self) -> str | None:
        """Return what a branch is compared with by default: the remote's default branch, else main or master here."""
        for ref in ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master"):
            if self.commit(ref):
                return ref
        return next((ref for ref in ("refs/heads/main", "refs/heads/master") if self.commit(ref)), None)

    def exactly(self, ref: str) -> str:
        """The commit that `ref` names; raises ConfigError where there is none."""
        if commit := self.commit(ref):
            return commit
        raise ConfigError(NO_SUCH_BASE.format(ref=ref))

    def merge_base(self, ref: str, *, deepen: bool = False) -> str:
        """The merge base of HEAD and `ref`: the commit that head's work started from.

        A shallow clone is deepened by the commit needed, where its remote has it; with `deepen` by history too, where
        `ref` is a SHA, which otherwise is then taken for the base itself. Raises ConfigError when there is no
        such ref, EnvironmentProblem when the history needed is not here and can't be fetched.
        """
        commit = self.commit(ref) or self._fetch_commit(ref)
        if commit is None:
            raise ConfigError(NO_SUCH_BASE.format(ref=ref))
        try:
            return self.run("merge-base", "HEAD", commit).strip()
        except CommandError as error:
            if self.is_shallow():
                # The clone has no common history; a SHA that was asked for by name is the base itself.
                if is_sha(ref) and not deepen:
                    return commit
                return self._deepen_to_merge_base(ref, commit)
            raise ConfigError(f"HEAD and base {ref!r} have no common history") from error

    def _deepen_to_merge_base(self, ref: str, commit: str) -> str:
        """Bring history of both sides, in two sizes, until they meet."""
        head = str(self.commit("HEAD"))
        for depth in (50, 1000):
            try:
                self._fetch(commit, head, depth=depth)
                return self.run("merge-base", "HEAD", commit).strip()
            except CommandError as error:
                log.debug("deepening to %d: %s", depth, error)
        raise EnvironmentProblem(f"this shallow clone has no common history with base {ref!r}: {SHALLOW}")

    def bring(self, sha: str) -> None:
        """Have this one commit here, with no more history than the clone has already; raises EnvironmentProblem."""
        if self.commit(sha):
            return
        try:
            # A depth would cut a whole clone's history.
            self._fetch(sha, depth=1 if self.is_shallow() else None)
        except CommandError as error:
            raise EnvironmentProblem(f"base {sha!r} is not in this clone and can't be fetched ({error})") from error

    def _fetch_commit(self, ref: str) -> str | None:
        """Bring one commit of the remote, named by SHA or branch, without moving any ref of the user's."""
        if not self.is_shallow() or ref.startswith("-"):
            return None
        try:
            sha = ref if is_sha(ref) else self.run("ls-remote", "origin", ref).partition("\t")[0]
            if not sha:
                return None
            self._fetch(sha, depth=1)
        except CommandError as error:
            raise EnvironmentProblem(
                f"base {ref!r} is not in this shallow clone and can't be fetched ({error}): {SHALLOW}"
            ) from error
        return self.commit(sha)

    def _fetch(self, *commits: str, depth: int | None) -> None:
        options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
        if depth:
            options.append(f"--depth={depth}")
        self.run("fetch", *options, "origin", *commits, timeout=600)

    @contextmanager
    def worktree(self, commit: str) -> Iterator[Path]:
        """The tree of `commit` in a folder of its own outside the user's; gone afterwards, in every ending."""
        self.forget_abandoned_worktrees()
        with temporary_folder("pocketfit-worktree-") as parent:
            folder = parent / "tree"
            # Hooks are the user's programs, written for checkouts of the user's: not run for ours.
            add = ("-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--detach")
            try:
                # The content comes from what is here already, see submodules.py.
                self.run(*add, str(folder), commit, timeout=600, variables={"GIT_LFS_SKIP_SMUDGE": "1"})
                # An unprivileged child must be able to walk in.
                parent.chmod(0o755)
                yield folder
            finally:
                self._remove_worktree(str(folder))

    def forget_abandoned_worktrees(self) -> None:
        """Remove the worktrees that killed runs of ours left here; those of others stay, prunable or not."""
        listed = self.run("worktree", "list", "--porcelain").splitlines()
        for path in (line.removeprefix("worktree ") for line in listed if line.startswith("worktree ")):
            if is_abandoned(Path(path)):
                self._remove_worktree(path)

    def _remove_worktree(self, path: str) -> None:
        """Remove one of ours, if it is one yet; what can't be removed is left to the next run."""
        try:
            # Twice: git locks a worktree until it is whole.
            self.run("worktree", "remove", "--force", "--force", path)
        except CommandError as problem:
            log.debug("worktree %s: %s", path, problem)

    def files(self, *options: str) -> list[str]:
        """List what `git ls-files` does, relative to the folder; folders end in a slash. Raises CommandError."""
        return [name for name in self.run("ls-files", "-z", *options).split("\0") if name]

    def run(self, *args: str | Path, timeout: float = 60, variables: Mapping[str, str] | None = None) -> str:
        """Run git here and return what it printed; raises CommandError. `variables` go into its environment."""
        env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        if self.bare:
            env |= {"GIT_DIR": str(self.folder), "GIT_WORK_TREE": str(self.folder)}
        if self.alone:
            env["GIT_CONFIG_GLOBAL"] = os.devnull
        env |= variables or {}
        first = int(env.get("GIT_CONFIG_COUNT") or 0)
        for number, (key, value) in enumerate(self.settings, first):
            env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        env["GIT_CONFIG_COUNT"] = str(first + len(self.settings))
        command = ["git", "-C", self.folder, *args]
        if args[:1] == ("lfs",):
            # A program of its own, which starts others: nothing of it may be left.
            return output_of(finish_supervised(command, timeout=timeout, limits=LFS_LIMITS, env=env), "git", timeout)
        # It removes its locks from the user's repository, if it may.
        return run(*command, timeout=timeout, env=env, gently=True)


def root_of(folder: Path) -> Path:
    """The repository that contains `folder`, else the folder itself."""
    try:
        return Git(folder).root()
    except PocketfitError:
        return folder
