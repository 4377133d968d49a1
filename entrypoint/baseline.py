"""The commits that a job may be compared with, best first, by its event and HEAD. Nothing is fetched. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pocketfit.builds.git import NO_BASE
from pocketfit.github.context import Context


@dataclass(frozen=True)
class Exactly:
    """This commit itself."""

    sha: str
    why: str


@dataclass(frozen=True)
class MergeBase:
    """The commit where `head` left `ref`, which is a branch, a tag or a SHA."""

    ref: str
    head: str
    why: str


@dataclass(frozen=True)
class LastSuccess:
    """The commit of this workflow's last scheduled run that succeeded."""

    workflow: str
    branch: str
    why: str


@dataclass(frozen=True)
class Nothing:
    why: str


Candidate = Exactly | MergeBase | LastSuccess | Nothing


def candidates(context: Context, head: str, parents: tuple[str, ...], asked: str | None) -> tuple[Candidate, ...]:
    """List what to try, in this order. `head` is the commit that is checked out, `parents` are that commit's own.

    `asked` is the user's word: a branch, tag or SHA, or "none".
    """
    if asked == NO_BASE:
        return (Nothing("the input base says none"),)
    if asked:
        return (MergeBase(asked, head, f"where HEAD left {asked}, as the input base says"),)
    parent = tuple(Exactly(sha, "HEAD's parent") for sha in parents[:1]) or (Nothing("HEAD is the first commit"),)
    match context.event:
        case "pull_request":
            return _of_pull_request(context, parents)
        case "push" if context.previous_sha:
            return (Exactly(context.previous_sha, "what the branch was before the push"), *parent)
        case "push":
            return (*_of_new_branch(context, head), *parent)
        case "merge_group" if context.previous_sha:
            return (Exactly(context.previous_sha, "what the merge queue's group starts from"), *parent)
        case "merge_group":
            return parent
        case "schedule":
            return _of_schedule(context)
    return (Nothing(f"the event {context.event} has no base of its own: name one with the input base"),)


def _of_pull_request(context: Context, parents: tuple[str, ...]) -> tuple[Candidate, ...]:
    """GitHub checks out a merge of the pull request into its target, whose side of it is exactly what to compare with.

    Otherwise it is the merge base; the event's own base is only where the target stood at that time.
    """
    pull_request = context.pull_request
    assert pull_request is not None
    match parents:
        case (base, pull_request.head_sha):
            return (Exactly(base, "the target branch, as GitHub merged the pull request into it"),)
    why = "the merge base of the pull request and its target"
    return (MergeBase(pull_request.base_sha, pull_request.head_sha, why),)


def _of_new_branch(context: Context, head: str) -> tuple[Candidate, ...]:
    branch, default = context.ref.removeprefix("refs/heads/"), context.default_branch
    if default is None or branch in (context.ref, default):
        return ()
    return (MergeBase(default, head, f"where the new branch left {default}"),)


def _of_schedule(context: Context) -> tuple[Candidate, ...]:
    """Since a schedule changes nothing itself, what is new is what came since it last found all well."""
    nothing = Nothing("no earlier scheduled run that succeeded is known")
    branch = context.ref.removeprefix("refs/heads/")
    if context.workflow is None or branch == context.ref:
        return (nothing,)
    return (LastSuccess(context.workflow, branch, "the last scheduled run that succeeded"), nothing)
