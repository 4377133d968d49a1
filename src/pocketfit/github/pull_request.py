"""The pull request that a run of a workflow was for, by GitHub's word on the run and never by what the run left."""

from __future__ import annotations

from collections.abc import Iterable

from pocketfit.github.api import GitHub, Pull
from pocketfit.github.comment import NotPosted
from pocketfit.github.context import PullRequest, WorkflowRun
from pocketfit.text import clean

PULL_REQUEST_EVENTS = ("pull_request", "pull_request_target")


def find_pull_request(github: GitHub, repository: str, run: WorkflowRun) -> PullRequest | NotPosted:
    """The one open pull request whose head is the run's; zero or several are a reason not to comment.

    GitHub lists no pull request for a commit of a fork (its commits are another repository's), so those are
    looked for by their branch; the head's SHA decides in both cases. Raises GitHubError.
    """
    if run.event not in PULL_REQUEST_EVENTS:
        return NotPosted(f"run {run.id} was for the event {clean(run.event, 40)}, which has no pull request")
    pulls = matching(github.pulls_of_commit(repository, run.head_sha), repository, run)
    if not pulls and run.head_repository and run.head_branch:
        owner = run.head_repository.partition("/")[0]
        pulls = matching(github.pulls_of_branch(repository, owner, run.head_branch), repository, run)
    match pulls:
        case [pull]:
            return PullRequest(pull.number, pull.head_sha, pull.base_sha, fork=pull.head_repository != repository)
        case []:
            return NotPosted(
                f"could not comment: no open pull request has {run.head_sha} as its head (it was closed, or got newer "
                "commits, whose own run comments)",
                "warning",
            )
    numbers = ", ".join(f"#{pull.number}" for pull in pulls)
    return NotPosted(
        f"could not comment: {run.head_sha} is the head of more than one open pull request ({numbers}), and which one "
        "the run was for is not known",
        "warning",
    )


def matching(pulls: Iterable[Pull], repository: str, run: WorkflowRun) -> list[Pull]:
    """The open pull requests into `repository` whose head is the run's commit, branch and repository."""
    matches = {
        pull.number: pull
        for pull in pulls
        if pull.state == "open"
        and pull.base_repository.lower() == repository.lower()
        and pull.head_sha == run.head_sha
        and pull.head_branch == run.head_branch
        and pull.head_repository is not None
        and run.head_repository is not None
        and pull.head_repository.lower() == run.head_repository.lower()
    }
    return [matches[number] for number in sorted(matches)]
