"""Which commit the run compares with, from what GitHub knows."""

from __future__ import annotations

import base64

from pocketfit.context import Context
from pocketfit.errors import PocketfitError
from pocketfit.git import Git
from pocketfit.github import GitHub


def find_base(context: Context, github: GitHub) -> str | None:
    """The SHA to compare with, present in the workspace's repository, or `none`; None leaves it to `pocketfit run`."""
    git = Git(context.workspace, env=credentials(context))
    if context.pull_request is not None:
        return git.merge_base(_pull_request_base(context, git, github))
    if context.event in ("push", "merge_group"):
        return _previous(context, git)
    return None


def credentials(context: Context) -> dict[str, str]:
    """git's settings, as environment, for fetching with the token: it stands in no argv and no file.

    The first, empty value drops what actions/checkout may have left, since GitHub refuses two of them.
    """
    if not context.token:
        return {}
    basic = base64.b64encode(f"x-access-token:{context.token}".encode()).decode()
    key = f"http.{context.server_url}/.extraheader"
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": key,
        "GIT_CONFIG_VALUE_0": "",
        "GIT_CONFIG_KEY_1": key,
        "GIT_CONFIG_VALUE_1": f"Authorization: Basic {basic}",
    }


def _pull_request_base(context: Context, git: Git, github: GitHub) -> str:
    """Where the pull request's work started.

    GitHub checks out a merge of the pull request into its target: the target's side of that is exactly what the pull
    request changes. Otherwise it is the merge base; the event's own base is only where the target stood at that time.
    """
    pull_request = context.pull_request
    assert pull_request is not None
    match git.parents():
        case (base, pull_request.head_sha):
            return base
    return github.merge_base(context.repository, pull_request.base_sha, pull_request.head_sha)


def _previous(context: Context, git: Git) -> str:
    """What the branch pointed to before; GitHub may have dropped that after a force-push: then HEAD's parent."""
    candidates = [sha for sha in (context.previous_sha, *git.parents()[:1]) if sha]
    problem: PocketfitError | None = None
    for sha in candidates:
        try:
            return git.merge_base(sha)
        except PocketfitError as error:
            problem = error
    if problem is not None:
        raise problem
    # The first commit of all.
    return "none"
