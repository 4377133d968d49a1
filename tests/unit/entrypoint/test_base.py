from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoint.base import credentials, find_base
from pocketfit.answers import NotFound
from pocketfit.context import Context, PullRequest
from pocketfit.errors import CommandError, EnvironmentProblem
from pocketfit.git import Git
from pocketfit.github import GitHub
from tests.fake_github import JOB_TOKEN, FakeGitHub, serve
from tests.unit.entrypoint.repository import Repository, git

REPO = "octo/phone"
GONE = "d" * 40


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "origin")


@pytest.fixture
def hub() -> Iterator[FakeGitHub]:
    with serve() as hub:
        yield hub


def base_of(context: Context, hub: FakeGitHub) -> str | None:
    return find_base(context, GitHub(hub.url, JOB_TOKEN))


def pull_request(workspace: Path, head_sha: str, base_sha: str) -> Context:
    return Context(
        "pull_request", REPO, head_sha, workspace, pull_request=PullRequest(7, head_sha, base_sha, fork=False)
    )


@pytest.mark.parametrize("depth", [1, 2, None])
def test_the_merge_commit_names_its_base(
    origin: Repository, hub: FakeGitHub, tmp_path: Path, depth: int | None
) -> None:
    workspace = origin.clone(tmp_path / "work", "merge", depth=depth)
    # The event's base is older than what GitHub merged with.
    assert base_of(pull_request(workspace, origin.work, origin.one), hub) == origin.two
    assert git(workspace, "cat-file", "-t", origin.two) == "commit"
    assert hub.seen == []


@pytest.mark.parametrize("depth", [1, None])
def test_otherwise_github_knows_the_merge_base(
    origin: Repository, hub: FakeGitHub, tmp_path: Path, depth: int | None
) -> None:
    workspace = origin.clone(tmp_path / "work", "topic", depth=depth)
    hub.merge_bases[origin.two, origin.work] = origin.one
    assert base_of(pull_request(workspace, origin.work, origin.two), hub) == origin.one
    assert hub.calls() == [f"GET /repos/octo/phone/compare/{origin.two}...{origin.work}"]


def test_somebody_elses_merge_is_not_githubs(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    """A head that is itself a merge of main into the topic."""
    origin.git("switch", "--quiet", "topic")
    origin.git("merge", "--quiet", "--message=catch up", "main")
    head = origin.git("rev-parse", "HEAD")
    workspace = origin.clone(tmp_path / "work", "topic", depth=None)
    hub.merge_bases[origin.two, head] = origin.two
    assert base_of(pull_request(workspace, head, origin.two), hub) == origin.two


def test_github_does_not_know(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    workspace = origin.clone(tmp_path / "work", "topic", depth=1)
    with pytest.raises(NotFound, match="GitHub answered 404 to GET /repos/octo/phone/compare"):
        base_of(pull_request(workspace, origin.work, origin.two), hub)


@pytest.mark.parametrize("depth", [1, None])
def test_a_push(origin: Repository, hub: FakeGitHub, tmp_path: Path, depth: int | None) -> None:
    workspace = origin.clone(tmp_path / "work", "main", depth=depth)
    context = Context("push", REPO, origin.two, workspace, previous_sha=origin.one)
    assert base_of(context, hub) == origin.one


@pytest.mark.parametrize("previous", [None, GONE])
def test_a_new_branch_or_a_forgotten_commit_compares_with_the_parent(
    origin: Repository, hub: FakeGitHub, tmp_path: Path, previous: str | None
) -> None:
    workspace = origin.clone(tmp_path / "work", "main", depth=1)
    context = Context("push", REPO, origin.two, workspace, previous_sha=previous)
    assert base_of(context, hub) == origin.one


def test_the_first_commit_has_no_base(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    workspace = origin.clone(tmp_path / "work", origin.one, depth=1)
    assert base_of(Context("push", REPO, origin.one, workspace), hub) == "none"


def test_nothing_can_be_fetched(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    workspace = origin.clone(tmp_path / "work", "main", depth=1)
    git(workspace, "remote", "set-url", "origin", (tmp_path / "gone").as_uri())
    with pytest.raises(
        EnvironmentProblem, match=f"base '{origin.one}' is not in this shallow clone and can't be fetched"
    ):
        base_of(Context("push", REPO, origin.two, workspace, previous_sha=GONE), hub)


def test_other_events_leave_it_to_the_run(origin: Repository, hub: FakeGitHub) -> None:
    assert base_of(Context("workflow_dispatch", REPO, origin.two, origin.folder), hub) is None


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="git exited with 128: fatal: not a git repository"):
        Git(tmp_path).parents()


def test_git_gets_the_token_by_its_environment_alone(origin: Repository) -> None:
    context = Context("push", REPO, GONE, origin.folder, server_url="https://ghe.example", token="ghs_1")
    basic = base64.b64encode(b"x-access-token:ghs_1").decode()
    git(origin.folder, "config", "http.https://ghe.example/.extraheader", "Authorization: left by checkout")

    words = ["git", "-C", str(origin.folder), "config", "--get-urlmatch", "http.extraheader", "https://ghe.example/o/r"]
    said = subprocess.run(words, env=credentials(context), capture_output=True, text=True, check=True)

    assert said.stdout == f"Authorization: Basic {basic}\n"
    assert credentials(context)["GIT_CONFIG_VALUE_0"] == "", "drops the one that checkout left"


def test_no_token_no_credentials(tmp_path: Path) -> None:
    assert credentials(Context("push", REPO, GONE, tmp_path)) == {}
