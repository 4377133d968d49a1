from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pocketfit.github.answers import Forbidden, GitHubError, Invalid, NotFound, RateLimited, Unavailable
from pocketfit.github.api import GitHub
from pocketfit.github.rest import Rest
from tests.fake_github import JOB_TOKEN, READ_ONLY_TOKEN, USER_TOKEN, FakeGitHub, Fault, serve
from tests.virtual import Clock

REPO = "octo/phone"
COMMENTS = f"/repos/{REPO}/issues/7/comments"


@contextmanager
def answering(body: str) -> Iterator[str]:
    """A server that answers everything with `body`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hub() -> Iterator[FakeGitHub]:
    with serve() as hub:
        yield hub


@pytest.fixture
def clock() -> Clock:
    return Clock()


def client(hub: FakeGitHub, clock: Clock, token: str = JOB_TOKEN) -> GitHub:
    return GitHub(Rest(hub.url + "/", token, sleep=clock.sleep, now=clock.now, timeout_s=(1, 1)))


def test_all_pages_are_read_a_hundred_at_a_time(hub: FakeGitHub, clock: Clock) -> None:
    for number in range(205):
        hub.add_comment(REPO, 7, "someone", f"body {number}")

    bodies = [comment.body for comment in client(hub, clock).comments(REPO, 7)]

    assert bodies == [f"body {number}" for number in range(205)]
    assert [seen.path for seen in hub.seen] == [
        f"{COMMENTS}?per_page=100",
        f"{COMMENTS}?per_page=100&page=2",
        f"{COMMENTS}?per_page=100&page=3",
    ]


def test_the_token_goes_to_no_other_host(hub: FakeGitHub, clock: Clock) -> None:
    hub.add_comment(REPO, 7, "someone", "a")
    hub.add_comment(REPO, 7, "someone", "b")
    hub.largest_page = 1
    real, hub.url = hub.url, "http://elsewhere.invalid"
    github = GitHub(Rest(real, JOB_TOKEN))

    with pytest.raises(Unavailable, match=f"GitHub's next page is not at {real}: http://elsewhere.invalid/repos"):
        list(github.comments(REPO, 7))


def test_a_comment_of_a_deleted_account_has_no_author(hub: FakeGitHub, clock: Clock) -> None:
    hub.add_comment(REPO, 7, "ghost", "boo")["user"] = None
    assert [comment.author for comment in client(hub, clock).comments(REPO, 7)] == [""]


def test_create_update_and_delete(hub: FakeGitHub, clock: Clock) -> None:
    github = client(hub, clock)

    created = github.create_comment(REPO, 7, "one")
    updated = github.update_comment(REPO, created.id, "two")

    assert (updated.id, updated.body, updated.author) == (created.id, "two", "github-actions[bot]")
    assert updated.url == f"https://github.com/octo/phone/pull/7#issuecomment-{created.id}"
    github.delete_comment(REPO, created.id)
    assert hub.bodies(REPO, 7) == []
    assert clock.slept == [1.0, 1.0], "GitHub asks for a second between writes"


def test_the_token_of_a_user_has_a_login(hub: FakeGitHub, clock: Clock) -> None:
    assert client(hub, clock, USER_TOKEN).viewer() == "octocat"
    with pytest.raises(Forbidden, match="GitHub answered 403 to GET /user: Resource not accessible by integration"):
        client(hub, clock).viewer()


def test_github_knows_the_merge_base(hub: FakeGitHub, clock: Clock) -> None:
    hub.merge_bases[("aa", "bb")] = "cc"
    assert client(hub, clock).merge_base(REPO, "aa", "bb") == "cc"
    with pytest.raises(NotFound, match=r"GitHub answered 404 to GET /repos/octo/phone/compare/aa\.\.\.dd: Not Found"):
        client(hub, clock).merge_base(REPO, "aa", "dd")


def test_a_wrong_token_is_forbidden(hub: FakeGitHub, clock: Clock) -> None:
    with pytest.raises(Forbidden, match="GitHub answered 401 to GET /user: Bad credentials"):
        client(hub, clock, "wrong").viewer()


def test_a_body_that_is_too_long_is_invalid(hub: FakeGitHub, clock: Clock) -> None:
    with pytest.raises(
        Invalid, match=r"GitHub answered 422 to POST .*: Body is too long \(maximum is 65536 characters\)"
    ):
        client(hub, clock).create_comment(REPO, 7, "x" * 65_537)


def test_other_answers_are_errors_too(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("GET", "/user", 409, "Conflict of some kind"))
    with pytest.raises(GitHubError, match="GitHub answered 409 to GET /user: Conflict of some kind") as caught:
        client(hub, clock).viewer()
    assert type(caught.value) is GitHubError
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504, 0])
def test_reading_is_tried_again(hub: FakeGitHub, clock: Clock, status: int) -> None:
    hub.faults.append(Fault("GET", "/user", status, times=2))
    assert client(hub, clock, USER_TOKEN).viewer() == "octocat"
    assert len(hub.seen) == 3


def test_updating_is_tried_again(hub: FakeGitHub, clock: Clock) -> None:
    comment = hub.add_comment(REPO, 7, "github-actions[bot]", "one")
    hub.faults.append(Fault("PATCH", "comments", 502, after=True))
    assert client(hub, clock).update_comment(REPO, comment["id"], "two").body == "two"


@pytest.mark.parametrize("status", [500, 0])
def test_creating_is_not_tried_again(hub: FakeGitHub, clock: Clock, status: int) -> None:
    hub.faults.append(Fault("POST", "comments", status, after=True))
    with pytest.raises(Unavailable, match=r"POST /repos/octo/phone/issues/7/comments"):
        client(hub, clock).create_comment(REPO, 7, "one")
    assert hub.bodies(REPO, 7) == ["one"]


def test_a_server_that_stays_down(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("GET", "/user", 503, "Down for a while", times=99))
    with pytest.raises(Unavailable, match="GitHub answered 503 to GET /user: Down for a while"):
        client(hub, clock).viewer()
    assert clock.slept == [1, 2, 4, 8, 16, 32], "as far as 90 s reach"


def test_a_server_where_nobody_listens_is_unavailable(clock: Clock) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    github = GitHub(Rest(f"http://127.0.0.1:{port}", JOB_TOKEN, sleep=clock.sleep, now=clock.now))
    with pytest.raises(Unavailable, match=r"no answer from GitHub to GET /user: .*refused") as caught:
        github.viewer()
    assert JOB_TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "headers", "message", "slept"),
    [
        (429, {"Retry-After": "7"}, "slow down", [7.0]),
        (403, {"Retry-After": "7"}, "You have exceeded a secondary rate limit", [7.0]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1030"}, "API rate limit exceeded", [30.0]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "900"}, "API rate limit exceeded", [1.0]),
        (403, {}, "You have exceeded a secondary rate limit", [60.0]),
        (429, {}, "Too many requests", [60.0]),
    ],
)
def test_rate_limits_are_waited_out(
    hub: FakeGitHub, clock: Clock, status: int, headers: dict[str, str], message: str, slept: list[float]
) -> None:
    hub.faults.append(Fault("GET", "/user", status, message, headers))
    assert client(hub, clock, USER_TOKEN).viewer() == "octocat"
    assert clock.slept == slept


def test_a_limited_creation_was_not_carried_out_and_is_sent_again(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("POST", "comments", 403, "secondary rate limit", {"Retry-After": "2"}))
    client(hub, clock).create_comment(REPO, 7, "one")
    assert hub.bodies(REPO, 7) == ["one"]


def test_waiting_ends_with_the_budget(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("GET", "/user", 429, headers={"Retry-After": "50"}, times=9))
    with pytest.raises(RateLimited, match=r"GitHub's rate limit is used up, for 50 s more \(GET /user\)"):
        client(hub, clock).viewer()
    assert clock.slept == [50.0]


def test_an_hour_is_not_waited_for(hub: FakeGitHub, clock: Clock) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4600"}
    hub.faults.append(Fault("GET", "/user", 403, "API rate limit exceeded", headers))
    with pytest.raises(RateLimited, match="used up, for 3600 s more"):
        client(hub, clock).viewer()
    assert clock.slept == []


def test_not_allowed_is_no_rate_limit(hub: FakeGitHub, clock: Clock) -> None:
    with pytest.raises(Forbidden):
        client(hub, clock).viewer()
    assert clock.slept == []


def test_a_netrc_does_not_replace_the_token(
    hub: FakeGitHub, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client(hub, clock, USER_TOKEN).viewer()
    assert hub.seen[0].authorization == f"Bearer {USER_TOKEN}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<html>", f"GitHub's answer to GET {COMMENTS} is not JSON: '<html>'"),
        ("[" * 100_000, f"GitHub's answer to GET {COMMENTS} is not JSON: '{'[' * 79}…'"),
        ("{}", "GitHub's answer is no list: {}"),
        ('[{"id": 1, "user": "x", "body": 3}]', "GitHub's answer lacks html_url"),
        ('["odd"]', "GitHub's answer is no comment: odd"),
        ('[{"id": 1}]', "GitHub's answer lacks html_url"),
    ],
)
def test_answers_that_make_no_sense(clock: Clock, body: str, message: str) -> None:
    with answering(body) as url, pytest.raises(Unavailable) as caught:
        list(GitHub(Rest(url, JOB_TOKEN, sleep=clock.sleep, now=clock.now)).comments(REPO, 7))
    assert str(caught.value) == message


def test_an_answer_without_what_we_need_is_unavailable() -> None:
    with (
        answering('{"merge_base_commit": null}') as url,
        pytest.raises(Unavailable, match=r"GitHub's answer lacks merge_base_commit\.sha"),
    ):
        GitHub(Rest(url, JOB_TOKEN)).merge_base(REPO, "aa", "bb")


def test_the_token_is_in_no_representation() -> None:
    github = GitHub(Rest("https://api.github.com", "ghp_secret"))
    rest = github.rest
    assert "ghp_secret" not in repr(github) + repr(vars(github)) + repr(vars(rest)) + repr(vars(rest._session))


@pytest.mark.parametrize("status", [500, 0])
@pytest.mark.parametrize("headers", [{"Retry-After": "20"}, {"Retry-After": "²"}, {}])
def test_a_server_says_when_it_is_back(hub: FakeGitHub, clock: Clock, status: int, headers: dict[str, str]) -> None:
    hub.faults.append(Fault("GET", "/user", status, headers=headers))
    assert client(hub, clock, USER_TOKEN).viewer() == "octocat"
    assert clock.slept == [20.0 if status and headers.get("Retry-After") == "20" else 1.0]


def test_a_page_of_a_proxy_is_asked_for_again(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("GET", "/user", 200, body=b"<html>Unicorn!</html>"))
    assert client(hub, clock, USER_TOKEN).viewer() == "octocat"


def test_an_answer_that_breaks_off_is_asked_for_again(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("GET", "/user", 200, body=b'{"login"', headers={"Content-Length": "30"}))
    assert client(hub, clock, USER_TOKEN).viewer() == "octocat"
    assert len(hub.seen) == 2


def test_the_budget_is_one_for_all_requests(hub: FakeGitHub, clock: Clock) -> None:
    github = client(hub, clock, USER_TOKEN)
    hub.faults.append(Fault("GET", "/user", 429, headers={"Retry-After": "60"}))
    github.viewer()
    hub.faults.append(Fault("GET", "/compare/", 429, headers={"Retry-After": "31"}))
    with pytest.raises(RateLimited, match="used up, for 31 s more"):
        github.merge_base(REPO, "aa", "bb")
    assert clock.slept == [60.0]


def test_a_write_does_not_follow_a_redirect(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("POST", "comments", 302, headers={"Location": f"{hub.url}/user"}))
    with pytest.raises(GitHubError, match="GitHub answered 302 to POST"):
        client(hub, clock).create_comment(REPO, 7, "one")


def test_a_message_can_not_speak_to_the_runner(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("GET", "/user", 409, "no\n::error::pwned ##[error]pwned"))
    with pytest.raises(GitHubError) as caught:
        client(hub, clock).viewer()
    assert str(caught.value) == "GitHub answered 409 to GET /user: no ::error::pwned ## [error]pwned"


@pytest.mark.parametrize(
    ("token", "author"),
    [(JOB_TOKEN, "github-actions[bot]"), (USER_TOKEN, "octocat"), ("v1.old", "github-actions[bot]")],
)
def test_a_tokens_kind_says_whom_comments_are_by(hub: FakeGitHub, clock: Clock, token: str, author: str) -> None:
    hub.tokens["v1.old"] = hub.tokens[JOB_TOKEN]
    assert client(hub, clock, token).author() == author


def test_a_users_token_is_never_taken_for_the_jobs(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("GET", "/user", 403, "no"))
    with pytest.raises(Forbidden, match="403 to GET /user: no"):
        client(hub, clock, USER_TOKEN).author()


def test_pull_requests_of_a_commit_and_of_a_forks_branch(hub: FakeGitHub, clock: Clock) -> None:
    hub.add_pull(REPO, 7, "a" * 40, "topic", REPO)
    hub.add_pull(REPO, 8, "c" * 40, "topic", "someone/phone")
    hub.add_pull(REPO, 9, "d" * 40, "topic", None)
    github = client(hub, clock)
    assert [pull.number for pull in github.pulls_of_commit(REPO, "a" * 40)] == [7]
    assert github.pulls_of_commit(REPO, "c" * 40) == [], "as GitHub: the commit is another repository's"
    assert [pull.number for pull in github.pulls_of_branch(REPO, "someone", "topic")] == [8]


def test_an_artifact_is_fetched_without_the_token(hub: FakeGitHub, clock: Clock) -> None:
    older = hub.add_artifact(REPO, 42, "pocketfit-report", b"old")
    newer = hub.add_artifact(REPO, 42, "pocketfit-report", b"new")
    hub.add_artifact(REPO, 42, "models", b"other")
    hub.largest_page = 1
    github = client(hub, clock)

    assert [one.id for one in github.artifacts(REPO, 42, "pocketfit-report")] == [newer, older]
    assert github.download_artifact(REPO, newer, 3) == b"new"

    asked, fetched = hub.seen[-2:]
    assert (asked.authorization, fetched.authorization) == (f"Bearer {JOB_TOKEN}", None)
    assert fetched.path == f"/blobs/{newer}?sig=geheim"


def test_an_artifact_beyond_the_limit_is_not_read(hub: FakeGitHub, clock: Clock) -> None:
    number = hub.add_artifact(REPO, 42, "pocketfit-report", b"x" * 1_000_000)
    with pytest.raises(Invalid, match="the answer to the download from localhost is larger than 1,000 bytes"):
        client(hub, clock).download_artifact(REPO, number, 1_000)


def test_a_storage_that_fails_is_asked_again_and_its_address_is_told_to_nobody(hub: FakeGitHub, clock: Clock) -> None:
    number = hub.add_artifact(REPO, 42, "pocketfit-report", b"new")
    hub.faults.append(Fault("GET", "/blobs/", 503))
    assert client(hub, clock).download_artifact(REPO, number, 1_000) == b"new"
    hub.faults.append(Fault("GET", "/blobs/", 0, times=99))
    with pytest.raises(Unavailable) as caught:
        client(hub, clock).download_artifact(REPO, number, 1_000)
    assert "the download from localhost" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_redirect_that_is_no_address(hub: FakeGitHub, clock: Clock) -> None:
    hub.faults.append(Fault("GET", "/zip", 302, headers={"Location": "http://["}, times=99))
    with pytest.raises(Unavailable, match=r"no answer from GitHub to GET .*/zip: Invalid IPv6 URL"):
        client(hub, clock).download_artifact(REPO, 1, 1_000)


@pytest.mark.parametrize("place", ["", "file:///etc/passwd", "ftp://example.org/x"])
def test_a_redirect_to_nowhere_is_an_error(hub: FakeGitHub, clock: Clock, place: str) -> None:
    hub.faults.append(Fault("GET", "/zip", 302, headers={"Location": place} if place else {}))
    with pytest.raises(GitHubError, match=r"GitHub redirects a download to \S+, which is no https address"):
        client(hub, clock).download_artifact(REPO, 1, 1_000)


def test_the_api_below_a_path_as_on_an_enterprise_server(clock: Clock) -> None:
    with serve("/api/v3") as hub:
        for number in range(3):
            hub.add_comment(REPO, 7, "someone", f"{number}")
        hub.largest_page = 1
        assert len(list(client(hub, clock, READ_ONLY_TOKEN).comments(REPO, 7))) == 3
