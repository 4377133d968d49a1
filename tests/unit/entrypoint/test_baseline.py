from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint.baseline import Candidate, Exactly, LastSuccess, MergeBase, Nothing, candidates
from pocketfit.github.context import Context, PullRequest

HEAD, PARENT, BEFORE, TIP = "a" * 40, "b" * 40, "c" * 40, "d" * 40
PULL = PullRequest(7, head_sha=HEAD, base_sha=TIP, fork=False)


def job(event: str, **more: object) -> Context:
    return Context(event, "octo/phone", HEAD, Path(), **more)  # type: ignore[arg-type]


def plainly(found: tuple[Candidate, ...]) -> list[str]:
    words = []
    for one in found:
        match one:
            case Exactly(sha):
                words.append(sha[0])
            case MergeBase(ref, head):
                words.append(f"{ref[:4]}...{head[0]}")
            case LastSuccess(workflow, branch):
                words.append(f"{workflow}@{branch}")
            case Nothing():
                words.append("none")
    return words


@pytest.mark.parametrize(
    ("context", "parents", "asked", "expected"),
    [
        (job("pull_request", pull_request=PULL), (PARENT, HEAD), None, ["b"]),
        (job("pull_request", pull_request=PULL), (PARENT,), None, ["dddd...a"]),
        (job("pull_request", pull_request=PULL), (PARENT, BEFORE), None, ["dddd...a"]),
        (job("pull_request", pull_request=PULL), (PARENT, HEAD), "main", ["main...a"]),
        (job("pull_request", pull_request=PULL), (PARENT, HEAD), "none", ["none"]),
        (job("push", previous_sha=BEFORE), (PARENT,), None, ["c", "b"]),
        (job("push", previous_sha=BEFORE), (), None, ["c", "none"]),
        (job("push", ref="refs/heads/topic", default_branch="main"), (PARENT,), None, ["main...a", "b"]),
        (job("push", ref="refs/heads/main", default_branch="main"), (PARENT,), None, ["b"]),
        (job("push", ref="refs/tags/v1", default_branch="main"), (PARENT,), None, ["b"]),
        (job("push"), (), None, ["none"]),
        (job("merge_group", previous_sha=BEFORE), (PARENT,), None, ["c", "b"]),
        (job("merge_group"), (PARENT,), None, ["b"]),
        (job("schedule", ref="refs/heads/main", workflow="n.yml"), (PARENT,), None, ["n.yml@main", "none"]),
        (job("schedule"), (PARENT,), None, ["none"]),
        (job("schedule", ref="refs/heads/main", workflow="n.yml"), (PARENT,), "v1", ["v1...a"]),
        (job("workflow_dispatch"), (PARENT,), None, ["none"]),
        (job("workflow_dispatch"), (PARENT,), "main", ["main...a"]),
    ],
)
def test_the_event_says_what_may_be_compared_with(
    context: Context, parents: tuple[str, ...], asked: str | None, expected: list[str]
) -> None:
    assert plainly(candidates(context, HEAD, parents, asked)) == expected
