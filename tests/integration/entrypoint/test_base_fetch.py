"""The base of a private repository, fetched with the job's token from a server that asks for it."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoint.find_base import find_base
from pocketfit.errors import EnvironmentProblem
from pocketfit.github.api import GitHub
from pocketfit.github.context import Context, PullRequest
from pocketfit.github.rest import Rest
from tests.fake_github import JOB_TOKEN, serve
from tests.git_server import GitServer, serve_git
from tests.unit.entrypoint.repository import Repository, git

TOKEN = "ghs_very_secret_token"


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    (tmp_path / "octo").mkdir()
    return Repository(tmp_path / "octo/phone")


@pytest.fixture
def server(origin: Repository, tmp_path: Path) -> Iterator[GitServer]:
    with serve_git(tmp_path, TOKEN) as server:
        yield server


def check_out(origin: Repository, server: GitServer, target: Path, ref: str, depth: int | None) -> Path:
    """As actions/checkout with persist-credentials: false leaves it: a remote, and no way to log in."""
    workspace = origin.clone(target, ref, depth=depth)
    git(workspace, "remote", "set-url", "origin", f"{server.url}/octo/phone/.git")
    return workspace


def job(event: str, workspace: Path, server: GitServer, **more: object) -> Context:
    return Context(event, "octo/phone", "", workspace, server_url=server.url, token=TOKEN, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("event", "depth"), [("pull_request", 1), ("push", 1), ("push", None)])
def test_the_token_is_seen_by_the_server_alone(
    origin: Repository,
    server: GitServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
    depth: int | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    workspace = check_out(origin, server, tmp_path / "work", "merge" if event == "pull_request" else "main", depth)
    config = (workspace / ".git/config").read_bytes()
    context = (
        job(event, workspace, server, pull_request=PullRequest(7, origin.work, origin.one, fork=False))
        if event == "pull_request"
        # A forced push: what was there before is on no branch of the clone.
        else job(event, workspace, server, previous_sha=origin.work)
    )

    with serve() as hub:
        found = find_base(context, GitHub(Rest(hub.url, JOB_TOKEN)))

    assert found.sha == (origin.two if event == "pull_request" else origin.work)
    assert git(workspace, "cat-file", "-t", found.sha) == "commit"
    assert "POST /octo/phone/.git/git-upload-pack" in server.requests
    assert server.told == [], "a command line held the token"
    assert (workspace / ".git/config").read_bytes() == config
    written = [path for folder in (workspace, home) for path in folder.rglob("*") if path.is_file()]
    assert [path for path in written if any(secret.encode() in path.read_bytes() for secret in server.secrets)] == []
    assert not any(secret in caplog.text for secret in server.secrets)


def test_without_a_token_the_server_refuses_and_says_so_without_asking(
    origin: Repository, server: GitServer, tmp_path: Path
) -> None:
    workspace = check_out(origin, server, tmp_path / "work", "main", 1)
    context = Context("push", "octo/phone", "", workspace, server_url=server.url, previous_sha=origin.one)
    with serve() as hub, pytest.raises(EnvironmentProblem, match="terminal prompts disabled"):
        find_base(context, GitHub(Rest(hub.url, JOB_TOKEN)))
    assert (server.refused > 0, server.requests) == (True, [])


def test_the_token_goes_to_githubs_server_alone(origin: Repository, server: GitServer, tmp_path: Path) -> None:
    """A remote elsewhere is not told the token, whatever the repository's settings say."""
    workspace = check_out(origin, server, tmp_path / "work", "main", 1)
    context = Context(
        "push", "octo/phone", "", workspace, server_url="https://github.com", token=TOKEN, previous_sha=origin.one
    )
    with serve() as hub, pytest.raises(EnvironmentProblem):
        find_base(context, GitHub(Rest(hub.url, JOB_TOKEN)))
    assert (server.refused > 0, server.requests) == (True, [])


def test_what_watches_the_command_lines_would_see_it(server: GitServer) -> None:
    """The test above proves nothing otherwise."""
    words = ["git", "-c", f"http.extraheader=Authorization: Basic {server.secrets[1]}", "ls-remote"]
    subprocess.run([*words, f"{server.url}/octo/phone/.git"], check=True, capture_output=True)
    assert server.told
