from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoint.find_base import Base, credentials, find_base
from pocketfit.builds.git import Git
from pocketfit.errors import CommandError, ConfigError, EnvironmentProblem
from pocketfit.github.api import GitHub
from pocketfit.github.context import Context, PullRequest
from pocketfit.github.rest import Rest
from tests.fake_github import JOB_TOKEN, NOT_ALLOWED, FakeGitHub, Fault, serve
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


def base_of(context: Context, hub: FakeGitHub, asked: str | None = None) -> str:
    return find_base(context, github(hub), asked).sha


def github(hub: FakeGitHub) -> GitHub:
    return GitHub(Rest(hub.url, JOB_TOKEN, sleep=lambda _: None))


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


@pytest.mark.parametrize("depth", [1, None])
def test_where_github_knows_no_merge_base_the_clone_is_asked(
    origin: Repository, hub: FakeGitHub, tmp_path: Path, depth: int | None
) -> None:
    """The clone is deepened until git finds it: the event's own base would be another commit."""
    workspace = origin.clone(tmp_path / "work", "topic", depth=depth)
    assert base_of(pull_request(workspace, origin.work, origin.two), hub) == origin.one


def test_a_merge_base_that_neither_github_nor_git_knows_is_an_error(
    origin: Repository, hub: FakeGitHub, tmp_path: Path
) -> None:
    workspace = origin.clone(tmp_path / "work", "topic", depth=1)
    with pytest.raises(EnvironmentProblem, match=f"base '{GONE}' is not in this shallow clone and can't be fetched"):
        base_of(pull_request(workspace, origin.work, GONE), hub)


@pytest.mark.parametrize("depth", [1, None])
def test_a_push_compares_with_what_was_there_before(
    origin: Repository, hub: FakeGitHub, tmp_path: Path, depth: int | None
) -> None:
    workspace = origin.clone(tmp_path / "work", "main", depth=depth)
    context = Context("push", REPO, origin.two, workspace, previous_sha=origin.one)
    assert base_of(context, hub) == origin.one


@pytest.mark.parametrize("depth", [1, None])
def test_a_forced_push_compares_with_what_was_there(
    origin: Repository, hub: FakeGitHub, tmp_path: Path, depth: int | None
) -> None:
    """And not with where the two histories part; only GitHub still has that commit."""
    workspace = origin.clone(tmp_path / "work", "main", depth=depth)
    context = Context("push", REPO, origin.two, workspace, previous_sha=origin.work)
    assert base_of(context, hub) == origin.work
    assert git(workspace, "rev-parse", "--is-shallow-repository") == ("true" if depth else "false")


def test_a_forgotten_commit_compares_with_the_parent(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    workspace = origin.clone(tmp_path / "work", "main", depth=1)
    found = find_base(Context("push", REPO, origin.two, workspace, previous_sha=GONE), github(hub))
    assert (found.sha, found.why) == (origin.one, "HEAD's parent")
    assert found.warnings[0].startswith(
        f"not compared with what the branch was before the push: base '{GONE}' is not in this clone and can't be fetched"
    )


def test_a_new_branch_compares_with_where_it_left(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    origin.git("switch", "--quiet", "topic")
    more = origin.commit("more")
    workspace = origin.clone(tmp_path / "work", "topic", depth=1)
    hub.merge_bases["main", more] = origin.one
    context = Context("push", REPO, more, workspace, ref="refs/heads/topic", default_branch="main")
    assert base_of(context, hub) == origin.one
    # Not its parent, nor any history between.
    assert git(workspace, "rev-list", "--all", "HEAD", origin.one, "--count") == "2"


def test_a_merge_group_compares_with_what_it_starts_from(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    workspace = origin.clone(tmp_path / "work", "merge", depth=1)
    assert base_of(Context("merge_group", REPO, origin.merge, workspace, previous_sha=origin.two), hub) == origin.two


@pytest.mark.parametrize("last", [True, False])
def test_a_schedule_compares_with_its_last_success(
    origin: Repository, hub: FakeGitHub, tmp_path: Path, last: bool
) -> None:
    workspace = origin.clone(tmp_path / "work", "main", depth=1)
    if last:
        hub.last_success[REPO, "nightly.yml", "main"] = origin.one
    context = Context("schedule", REPO, origin.two, workspace, ref="refs/heads/main", workflow="nightly.yml")
    assert base_of(context, hub) == (origin.one if last else "none")
    assert hub.calls() == ["GET /repos/octo/phone/actions/workflows/nightly.yml/runs"]


def test_a_schedule_whose_token_may_not_look(origin: Repository, hub: FakeGitHub) -> None:
    hub.faults.append(Fault("GET", "/runs", 403, NOT_ALLOWED))
    context = Context("schedule", REPO, origin.two, origin.folder, ref="refs/heads/main", workflow="nightly.yml")
    found = find_base(context, github(hub))
    assert (found.sha, found.why) == ("none", "no earlier scheduled run that succeeded is known")
    assert found.warnings == (
        "not compared with the last scheduled run that succeeded: GitHub answered 403 to "
        f"GET /repos/octo/phone/actions/workflows/nightly.yml/runs: {NOT_ALLOWED}",
    )


def test_a_branch_that_was_asked_for(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    workspace = origin.clone(tmp_path / "work", "topic", depth=1)
    hub.merge_bases["release/1", origin.work] = origin.one
    assert base_of(Context("workflow_dispatch", REPO, origin.work, workspace), hub, "release/1") == origin.one
    assert hub.calls() == [f"GET /repos/octo/phone/compare/release%2F1...{origin.work}"]


def test_a_branch_that_nobody_has(origin: Repository, hub: FakeGitHub) -> None:
    with pytest.raises(ConfigError, match="base 'nope' is not a commit, branch or tag of this repository"):
        base_of(Context("push", REPO, origin.two, origin.folder), hub, "nope")


def test_the_word_none_means_no_base(origin: Repository, hub: FakeGitHub) -> None:
    assert base_of(Context("push", REPO, origin.two, origin.folder, previous_sha=origin.one), hub, "none") == "none"


def test_the_first_commit_has_no_base(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    workspace = origin.clone(tmp_path / "work", origin.one, depth=1)
    assert base_of(Context("push", REPO, origin.one, workspace), hub) == "none"


def test_a_base_that_can_not_be_fetched_is_an_error(origin: Repository, hub: FakeGitHub, tmp_path: Path) -> None:
    workspace = origin.clone(tmp_path / "work", "main", depth=1)
    git(workspace, "remote", "set-url", "origin", (tmp_path / "gone").as_uri())
    with pytest.raises(EnvironmentProblem, match=f"base '{origin.one}' is not in this clone and can't be fetched"):
        base_of(Context("push", REPO, origin.two, workspace, previous_sha=GONE), hub)


def test_other_events_have_no_base(origin: Repository, hub: FakeGitHub) -> None:
    found = find_base(Context("workflow_dispatch", REPO, origin.two, origin.folder), github(hub))
    assert found == Base("none", "the event workflow_dispatch has no base of its own: name one with the input base")


def test_a_folder_without_a_commit_is_an_error(hub: FakeGitHub, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(EnvironmentProblem, match=r"there is no commit in .*: let actions/checkout run before"):
        base_of(Context("push", REPO, GONE, tmp_path), hub)


def test_a_folder_without_a_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="git exited with 128: fatal: not a git repository"):
        Git(tmp_path).parents()


def test_git_gets_the_token_by_its_environment_alone(origin: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context("push", REPO, GONE, origin.folder, server_url="https://ghe.example", token="ghs_1")
    basic = base64.b64encode(b"x-access-token:ghs_1").decode()
    origin.git("config", "http.https://ghe.example/.extraheader", "Authorization: left by checkout")
    for name, value in {"COUNT": "1", "KEY_0": "user.name", "VALUE_0": "set by the job"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)

    in_job = Git(origin.folder, credentials(context))

    said = in_job.run("config", "--get-urlmatch", "http.extraheader", "https://ghe.example/o/r")
    assert said == f"Authorization: Basic {basic}\n"
    assert credentials(context)[0][1] == "", "drops the one that checkout left"
    assert in_job.run("config", "user.name") == "set by the job\n"
    assert basic not in repr(in_job)


def test_no_token_no_credentials(tmp_path: Path) -> None:
    assert credentials(Context("push", REPO, GONE, tmp_path)) == ()
