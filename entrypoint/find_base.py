"""The commit that the run compares with: decided by the event, found with GitHub's help, and brought here."""

from __future__ import annotations

import base64
import logging
from dataclasses import dataclass

from entrypoint.baseline import Candidate, Exactly, LastSuccess, MergeBase, Nothing, candidates
from pocketfit.builds.git import NO_BASE, Git
from pocketfit.builds.submodules import bring
from pocketfit.errors import EnvironmentProblem, PocketfitError
from pocketfit.github.answers import GitHubError
from pocketfit.github.api import GitHub
from pocketfit.github.context import Context
from pocketfit.text import is_sha

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Base:
    """`sha` is present in the workspace's repository, or `none`. `warnings` are what went wrong on the way."""

    sha: str
    why: str
    warnings: tuple[str, ...] = ()


def find_base(context: Context, github: GitHub, asked: str | None = None) -> Base:
    """The commit to compare with, fetched where it was not here; raises what kept us from the last candidate."""
    if asked == NO_BASE:
        return Base(NO_BASE, "the input base says none")
    git = Git(context.workspace, credentials(context))
    head = git.commit("HEAD")
    if head is None:
        raise EnvironmentProblem(f"there is no commit in {context.workspace}: let actions/checkout run before")
    warnings: list[str] = []
    possible = candidates(context, head, git.parents(), asked)
    for candidate in possible:
        try:
            if (sha := _find(candidate, context, git, github)) is not None:
                lacking = bring(git, sha) if sha != NO_BASE else ()
                return Base(sha, candidate.why, (*warnings, *(f"base lacks {content}" for content in lacking)))
        except PocketfitError as problem:
            if candidate is possible[-1]:
                raise
            warnings.append(f"not compared with {candidate.why}: {problem}")
    raise AssertionError(possible)


def credentials(context: Context) -> tuple[tuple[str, str], ...]:
    """git's settings for fetching with the token.

    The first, empty value drops what actions/checkout may have left, since GitHub refuses two of them.
    """
    if not context.token:
        return ()
    basic = base64.b64encode(f"x-access-token:{context.token}".encode()).decode()
    key = f"http.{context.server_url}/.extraheader"
    return ((key, ""), (key, f"Authorization: Basic {basic}"))


def _find(candidate: Candidate, context: Context, git: Git, github: GitHub) -> str | None:
    """The commit, fetched where it was not here; None where the candidate names none."""
    match candidate:
        case Nothing():
            return NO_BASE
        case Exactly(sha):
            git.bring(sha)
            return sha
        case LastSuccess(workflow, branch):
            last = github.last_success(context.repository, workflow, branch)
            if last is not None:
                git.bring(last)
            return last
        case MergeBase(ref, head):
            return _merge_base(ref, head, context, git, github)


def _merge_base(ref: str, head: str, context: Context, git: Git, github: GitHub) -> str:
    """GitHub has the whole history, so that only the one commit is fetched; git has to fetch history to find it."""
    try:
        sha = github.merge_base(context.repository, ref, head)
    except GitHubError as problem:
        log.info("finding the merge base in the clone, since GitHub does not say: %s", problem)
        if is_sha(ref) and not git.is_shallow():
            git.bring(ref)
        return git.merge_base(ref, deepen=True)
    git.bring(sha)
    return sha
