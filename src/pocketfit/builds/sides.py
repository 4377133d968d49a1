"""Finds base and head: their trees, their commits, and what their configurations ask for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pocketfit.builds.git import NO_BASE, Git
from pocketfit.builds.snapshot import Side
from pocketfit.builds.submodules import fill
from pocketfit.config import find_config, read_config
from pocketfit.config.sources import source_problem
from pocketfit.errors import ConfigError, EnvironmentProblem, NoConfig
from pocketfit.records import UNCOMMITTED, Config, Variant
from pocketfit.text import is_sha
from pocketfit.variants import count_variants, select_models, select_variants

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """A request to build the repository of `folder`. `base` is a ref, "none", or None for the default branch.

    `exact` compares with `base` itself instead of the merge base. `config` is a file, None for the repository's own;
    `single` is the configuration itself, where the command line names one model instead of a file. `models` and
    `variants`, where there are any, are all of it that is wanted.
    """

    folder: Path
    base: str | None = None
    exact: bool = False
    config: Path | None = None
    single: Config | None = None
    models: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()

    def named(self) -> tuple[str, ...]:
        """The models that are wanted; none where all are."""
        return self.models or tuple(variant.model for variant in self.variants)


@dataclass(frozen=True)
class Head:
    """The user's tree: where it is, the commit it is at, and what it is configured to.

    `git` and `commit` are None outside a repository, and `commit` before there is one. `base` is the commit to compare
    with, None where there is nothing to. `file` holds the configuration, None where that came with the
    request; `whole` is the configuration before variants were selected, `config` what is left of it.
    """

    request: Request
    root: Path
    git: Git | None
    commit: str | None
    base: str | None
    file: Path | None
    whole: Config
    config: Config
    notes: tuple[str, ...] = ()

    @property
    def config_name(self) -> str:
        """The configuration, as a message names it."""
        return _name_of(self.file)

    @property
    def elsewhere(self) -> int:
        """Count the configuration's variants that are left to other shards."""
        return count_variants(self.whole) - count_variants(self.config)

    def side(self) -> Side:
        return Side("head", self.root, self.commit, self.config, self.notes)


def read_head(request: Request) -> Head:
    """Look at the user's side and raise ConfigError for all that can be wrong with it before anything is built."""
    git, root = _repository(request)
    file: Path | None = None
    if request.single is not None:
        whole = request.single
        check_source(whole.models[0].source, root)
    else:
        file = find_config(root, request.config, request.folder)
        whole = _in_its_folder(read_config(file, root, request.named()), file, root)
    whole = select_models(whole, request.models, _name_of(file))
    commit = git.commit("HEAD") if git else None
    if git and commit is None and request.base != NO_BASE:
        raise ConfigError(f"{root} has no commit yet: commit, or use --base none")
    base = None if git is None or request.base == NO_BASE else _base_commit(git, request)
    notes = (UNCOMMITTED,) if git and git.is_dirty() else ()
    return Head(request, root, git, commit, base, file, whole, select_variants(whole, request.variants), notes)


def check_source(source: str, root: Path) -> None:
    """Raise ConfigError for a source of the command line that is not in the tree at `root`."""
    if problem := source_problem(source, root):
        raise ConfigError(problem)


def _in_its_folder(config: Config, file: Path, root: Path) -> Config:
    """The configuration, whose models know the folder that it lies in, where that is another one than the root."""
    folder, top = file.resolve().parent, root.resolve()
    if folder == top or not folder.is_relative_to(top):
        return config
    models = tuple(replace(spec, folder=str(folder.relative_to(top))) for spec in config.models)
    return replace(config, models=models)


def _name_of(file: Path | None) -> str:
    return file.name if file else "the command line"


def _repository(request: Request) -> tuple[Git | None, Path]:
    """The repository and its root; where no base is wanted there need be none, and the folder is the root."""
    git = Git(request.folder)
    try:
        return git, git.root()
    except ConfigError:
        if request.base == NO_BASE:
            return None, request.folder.resolve()
        raise


@contextmanager
def base_side(head: Head) -> Iterator[Side | None]:
    """Base, whose tree is a worktree for as long as the block runs; None where there is nothing to compare with.

    Base's own mistakes are notes. Raises ConfigError where there is no such base, EnvironmentProblem where its tree
    can't be had.
    """
    git, commit = head.git, head.base
    if git is None or commit is None:
        yield None
        return
    with ExitStack() as stack:
        try:
            tree = stack.enter_context(git.worktree(commit))
        except EnvironmentProblem as error:
            raise EnvironmentProblem(f"base {commit[:10]} can't be checked out: {error}") from error
        notes = fill(git, commit, tree)
        if commit == head.commit:
            notes += ("base and head are the same commit: only changes that are not committed can show",)
        try:
            config = _base_config(head, tree)
        except NoConfig:
            config = Config(())
            notes += ("base has no configuration yet, so there is nothing to compare with",)
        except ConfigError as error:
            config = Config(())
            notes += (f"base has no usable configuration, so there is nothing to compare with: {error}",)
        yield Side("base", tree, commit, config, notes, beside=head.root)


def require_another_base(head: Head) -> None:
    """Raise ConfigError where base is the very commit that head is, and nothing has changed since.

    Whoever names that commit itself may want to see that nothing differs; a branch was taken for another one.
    """
    git = head.git
    ref = head.request.base or (git.default_base() if git else None)
    if git is None or ref is None or head.base != head.commit or UNCOMMITTED in head.notes:
        return
    if head.request.exact or ref == "HEAD" or is_sha(ref):
        return
    where = f"{_shown(ref)}'s own commit" if git.commit(ref) == head.commit else f"a part of {_shown(ref)} already"
    raise ConfigError(f"HEAD is {where}: nothing to compare; use --base {'HEAD~1' if git.parents() else NO_BASE}")


def _shown(ref: str) -> str:
    return ref.removeprefix("refs/").removeprefix("heads/").removeprefix("remotes/")


def _base_commit(git: Git, request: Request) -> str:
    """The commit to compare with; raises ConfigError or EnvironmentProblem."""
    ref = request.base or git.default_base()
    if ref is None:
        raise ConfigError(
            "no base: there is no origin/HEAD, main or master here; name a branch with --base REF, or --base none"
        )
    commit = git.exactly(ref) if request.exact else git.merge_base(ref)
    how = "as asked" if request.exact else f"the merge base of HEAD and {_shown(ref)}"
    log.info("base is %s, %s", commit[:10], how)
    return commit


def _base_config(head: Head, tree: Path) -> Config:
    """Base's own configuration; head's, where that is not a file of the repository. Raises ConfigError."""
    request, root = head.request, head.root.resolve()
    file = head.file.resolve() if head.file else None
    if file and file.is_relative_to(root):
        same = tree / file.relative_to(root)
        found = find_config(tree, same if request.config else None, same.parent)
        config = _in_its_folder(read_config(found), found, tree)
    else:
        config = head.whole
    models = tuple(spec for spec in config.models if not request.models or spec.name in request.models)
    return select_variants(replace(config, models=models), request.variants)
