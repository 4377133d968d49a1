from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.comment import NotPosted, Posted
from pocketfit.context import Context, PullRequest
from pocketfit.errors import ConfigError
from pocketfit.github import GitHub
from pocketfit.publish import is_worth_a_comment, parse_mode, publish, publish_file
from pocketfit.records import Environment, Report, Row
from pocketfit.render.markdown import render_markdown
from pocketfit.store import write_report
from tests.fake_github import JOB_TOKEN, READ_ONLY_TOKEN, FakeGitHub, Fault, serve

REPO = "octo/phone"
HEAD, BASE = "a" * 40, "b" * 40
SAME = Row("resnet18", "lite", "fp32", "identical")
NEW = Row("tiny", "lite", "fp32", "new")
QUIET = Report("pass", BASE, HEAD, "0.1.0", Environment("2.12.1", "jvm", "pytorch_android_lite 1.12.2", "cpu"), (SAME,))
CHANGED = replace(QUIET, rows=(SAME, NEW))


@pytest.fixture
def hub() -> Iterator[FakeGitHub]:
    with serve() as hub:
        yield hub


def job(hub: FakeGitHub, *, token: str = JOB_TOKEN, fork: bool = False) -> Context:
    pull_request = PullRequest(7, HEAD, BASE, fork)
    return Context("pull_request", REPO, HEAD, Path("."), api_url=hub.url, pull_request=pull_request, token=token)


def client(context: Context) -> GitHub:
    return GitHub(context.api_url, context.token, sleep=lambda seconds: None, backoff_s=0.001)


def test_the_comment_is_the_report(hub: FakeGitHub) -> None:
    context = job(hub)
    posted = publish(CHANGED, context, client(context), mode="changes", key="phone")
    assert isinstance(posted, Posted)
    assert hub.bodies(REPO, 7) == ["<!-- pocketfit:phone -->\n" + render_markdown(CHANGED)]
    assert str(posted) == f"comment created: {posted.url}"


def test_quiet_until_something_changed_then_kept_up_to_date(hub: FakeGitHub) -> None:
    context = job(hub)
    github = client(context)

    quiet = publish(QUIET, context, github, mode="changes", key="default")
    assert str(quiet) == "no comment: nothing changed, and there is no comment yet"
    publish(CHANGED, context, github, mode="changes", key="default")
    updated = publish(QUIET, context, github, mode="changes", key="default")

    assert str(updated).startswith("comment updated: https://github.com/octo/phone/pull/7#issuecomment-")
    assert hub.bodies(REPO, 7) == ["<!-- pocketfit:default -->\n" + render_markdown(QUIET)]


def test_always_comments_without_a_change(hub: FakeGitHub) -> None:
    context = job(hub)
    assert isinstance(publish(QUIET, context, client(context), mode="always", key="default"), Posted)


def test_off_asks_github_nothing(hub: FakeGitHub) -> None:
    context = job(hub)
    assert publish(CHANGED, context, client(context), mode="off", key="default") == NotPosted(
        "comments are switched off"
    )
    assert hub.seen == []


def test_a_push_has_no_pull_request(hub: FakeGitHub) -> None:
    context = replace(job(hub), event="push", pull_request=None)
    said = publish(CHANGED, context, client(context), mode="always", key="default")
    assert said == NotPosted("the event push has no pull request to comment on")


@pytest.mark.parametrize(
    ("fork", "sentence"),
    [
        (
            False,
            "could not comment: the token lacks the permission `pull-requests: write`; add it under `permissions:` of "
            "the job (GitHub answered 403 to POST /repos/octo/phone/issues/7/comments: Resource not accessible by "
            "integration)",
        ),
        (
            True,
            "could not comment: this pull request comes from a fork, whose token is read-only and lacks the permission "
            "`pull-requests: write`; the report is in the job summary (GitHub answered 403 to POST "
            "/repos/octo/phone/issues/7/comments: Resource not accessible by integration)",
        ),
    ],
)
def test_a_missing_permission_is_named(hub: FakeGitHub, fork: bool, sentence: str) -> None:
    context = job(hub, token=READ_ONLY_TOKEN, fork=fork)
    said = publish(CHANGED, context, client(context), mode="changes", key="default")
    assert said == NotPosted(sentence, is_failure=True)
    assert str(said) == sentence


def test_a_github_that_is_down_is_a_sentence(hub: FakeGitHub) -> None:
    hub.faults.append(Fault("GET", "comments", 503, "down", times=99))
    context = job(hub)
    said = publish(CHANGED, context, client(context), mode="changes", key="default")
    assert said == NotPosted(
        "could not comment: GitHub answered 503 to GET /repos/octo/phone/issues/7/comments: down", is_failure=True
    )


def test_no_token(hub: FakeGitHub) -> None:
    context = job(hub, token="")
    said = publish(CHANGED, context, client(context), mode="changes", key="default")
    assert said == NotPosted("could not comment: there is no token (input github-token)", is_failure=True)
    assert hub.seen == []


@pytest.mark.parametrize(
    ("report", "worth"),
    [
        (QUIET, False),
        (replace(QUIET, rows=()), False),
        (CHANGED, True),
        (replace(QUIET, verdict="error"), True),
        (replace(QUIET, rows=(Row("tiny", "lite", "fp32", "skipped"),)), True),
    ],
)
def test_is_worth_a_comment(report: Report, worth: bool) -> None:
    assert is_worth_a_comment(report) is worth


def test_modes() -> None:
    assert [parse_mode(text) for text in ("changes", "always", "off")] == ["changes", "always", "off"]
    with pytest.raises(ConfigError, match=r"^comment: 'sometimes' is none of changes, always, off$"):
        parse_mode("sometimes")


def test_from_a_saved_report(hub: FakeGitHub, tmp_path: Path) -> None:
    write_report(tmp_path / "report.json", CHANGED)
    event = {"pull_request": {"number": 7, "head": {"sha": HEAD, "repo": {"full_name": REPO}}, "base": {"sha": BASE}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    environ = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REPOSITORY": REPO,
        "GITHUB_API_URL": hub.url,
        "GITHUB_TOKEN": JOB_TOKEN,
    }

    assert isinstance(publish_file(tmp_path / "report.json", environ), Posted)

    assert hub.bodies(REPO, 7) == ["<!-- pocketfit:default -->\n" + render_markdown(CHANGED)]


def test_a_saved_report_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"report\.json: "):
        publish_file(tmp_path / "report.json", {})
