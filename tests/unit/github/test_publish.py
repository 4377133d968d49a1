from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.config.model_lines import ConfigLines
from pocketfit.errors import ConfigError
from pocketfit.github.api import GitHub
from pocketfit.github.comment import NotPosted, Posted
from pocketfit.github.context import Context, PullRequest
from pocketfit.github.publish import is_worth_a_comment, parse_mode, publish, publish_file
from pocketfit.github.rest import Rest
from pocketfit.records import Environment, Report, Row
from pocketfit.report.markdown import Job, render_markdown
from pocketfit.report.reasons.entries import address
from pocketfit.store import write_report
from tests.fake_github import JOB_TOKEN, READ_ONLY_TOKEN, FakeGitHub, Fault, serve

REPO = "octo/phone"
HEAD, BASE = "a" * 40, "b" * 40
SAME = Row("resnet18", "lite", "fp32", "identical")
NEW = Row("tiny", "lite", "fp32", "new")
QUIET = Report("pass", BASE, HEAD, "0.1.0", Environment("2.12.1", "jvm", "pytorch_android_lite 1.12.2", "cpu"), (SAME,))
CHANGED = replace(QUIET, rows=(SAME, NEW))


# The commit that was pushed; these jobs have no page.
PUSHED = Job(pushed=HEAD, tree=f"https://github.com/{REPO}/blob/{HEAD}")


@pytest.fixture
def hub() -> Iterator[FakeGitHub]:
    with serve() as hub:
        yield hub


def job(hub: FakeGitHub, *, token: str = JOB_TOKEN, fork: bool = False) -> Context:
    pull_request = PullRequest(7, HEAD, BASE, fork)
    return Context("pull_request", REPO, HEAD, Path("."), api_url=hub.url, pull_request=pull_request, token=token)


def client(context: Context) -> GitHub:
    return GitHub(Rest(context.api_url, context.token, sleep=lambda seconds: None))


def test_the_comment_is_the_report(hub: FakeGitHub) -> None:
    context = job(hub)
    posted = publish(CHANGED, context, client(context), mode="changes", key="phone")
    assert isinstance(posted, Posted)
    assert hub.bodies(REPO, 7) == ["<!-- pocketfit:phone -->\n" + render_markdown(CHANGED, job=PUSHED)]
    assert str(posted) == f"comment created: {posted.url}"


def test_quiet_until_something_changed_then_kept_up_to_date(hub: FakeGitHub) -> None:
    context = job(hub)
    github = client(context)

    quiet = publish(QUIET, context, github, mode="changes", key="default")
    assert str(quiet) == "no comment: nothing changed, and there is no comment yet"
    publish(CHANGED, context, github, mode="changes", key="default")
    updated = publish(QUIET, context, github, mode="changes", key="default")

    assert str(updated).startswith("comment updated: https://github.com/octo/phone/pull/7#issuecomment-")
    assert hub.bodies(REPO, 7) == ["<!-- pocketfit:default -->\n" + render_markdown(QUIET, job=PUSHED)]


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


REFUSED = "(GitHub answered 403 to POST /repos/octo/phone/issues/7/comments: Resource not accessible by integration)"
ROAD = (
    ", whose token is read-only and lacks the permission `pull-requests: write`; the report is in the job summary, and "
    f"to get a comment there too, use the two workflows of docs/github.md {REFUSED}"
)


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (
            {},
            NotPosted(
                "could not comment: the token lacks the permission; add the permission `pull-requests: write` under "
                f"`permissions:` of the job {REFUSED}",
                "warning",
            ),
        ),
        ({"fork": True}, NotPosted(f"no comment: this pull request comes from a fork{ROAD}", "notice")),
        ({"dependabot": True}, NotPosted(f"no comment: this pull request is Dependabot's{ROAD}", "notice")),
    ],
)
def test_a_missing_permission_is_named(hub: FakeGitHub, who: dict[str, bool], said: NotPosted) -> None:
    context = job(hub, token=READ_ONLY_TOKEN)
    assert context.pull_request is not None
    context = replace(context, pull_request=replace(context.pull_request, **who))
    assert publish(CHANGED, context, client(context), mode="changes", key="default") == said


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            Fault("GET", "comments", 503, "down", times=99),
            "could not comment: GitHub answered 503 to GET /repos/octo/phone/issues/7/comments: down; run the job again "
            "once GitHub answers",
        ),
        (
            Fault("GET", "comments", 429, "slow", {"Retry-After": "3600"}),
            "could not comment: GitHub's rate limit is used up, for 3600 s more (GET /repos/octo/phone/issues/7/comments);"
            " run the job again later, or set github-token to a token with a limit of its own",
        ),
        (
            Fault("GET", "comments", 404, "Not Found"),
            "could not comment: GitHub answered 404 to GET /repos/octo/phone/issues/7/comments: Not Found; add the "
            "permission `pull-requests: write` under `permissions:` of the job, without which GitHub hides what the token "
            "may not see",
        ),
        (
            Fault("POST", "comments", 403, "Unable to create comment because issue is locked."),
            "could not comment: the conversation is locked; unlock it (GitHub answered 403 to POST "
            "/repos/octo/phone/issues/7/comments: Unable to create comment because issue is locked.)",
        ),
        (
            Fault("GET", "comments", 401, "Bad credentials"),
            "could not comment: the token (input github-token) is not valid (GitHub answered 401 to GET "
            "/repos/octo/phone/issues/7/comments: Bad credentials)",
        ),
        (
            Fault("POST", "comments", 422, "Validation Failed"),
            "could not comment: GitHub answered 422 to POST /repos/octo/phone/issues/7/comments: Validation Failed; this "
            "should not happen: please report it to Pocketfit",
        ),
        (
            Fault("POST", "comments", 451, "Blocked"),
            "could not comment: GitHub answered 451 to POST /repos/octo/phone/issues/7/comments: Blocked; the report is "
            "in the job summary",
        ),
    ],
)
def test_a_fault_is_a_sentence_with_its_remedy(hub: FakeGitHub, fault: Fault, sentence: str) -> None:
    hub.faults.append(fault)
    context = job(hub)
    said = publish(CHANGED, context, client(context), mode="changes", key="default")
    assert said == NotPosted(sentence, level="warning")


def test_what_does_not_fit_is_linked(hub: FakeGitHub) -> None:
    context = replace(job(hub), run_id="42", server_url="https://ghe.example")
    report = replace(QUIET, rows=tuple(replace(NEW, model=f"net{number}") for number in range(2_000)))
    publish(report, context, client(context), mode="changes", key="default")
    (body,) = hub.bodies(REPO, 7)
    assert len(body) < 65_536
    assert "[the job's summary](https://ghe.example/octo/phone/actions/runs/42) has them all.**" in body


def test_without_a_token_nothing_is_asked(hub: FakeGitHub) -> None:
    context = job(hub, token="")
    said = publish(CHANGED, context, client(context), mode="changes", key="default")
    assert said == NotPosted("could not comment: there is no token (input github-token)", level="warning")
    assert hub.seen == []


@pytest.mark.parametrize(
    ("report", "worth"),
    [
        (QUIET, False),
        (replace(QUIET, rows=()), False),
        (CHANGED, True),
        (replace(QUIET, verdict="error"), True),
        (replace(QUIET, rows=(Row("tiny", "lite", "fp32", "skipped"),)), True),
        (replace(QUIET, rows=(Row("tiny", "lite", "fp32", "compared"),)), True),
        (replace(QUIET, rows=(Row("tiny", "lite", "fp32", "compared", minor_below=0.01),)), False),
    ],
)
def test_a_report_is_worth_a_comment_once_something_changed(report: Report, worth: bool) -> None:
    assert is_worth_a_comment(report) is worth


def test_a_mode_is_one_of_three_words() -> None:
    assert [parse_mode(text) for text in ("changes", "always", "off")] == ["changes", "always", "off"]
    with pytest.raises(ConfigError, match=r"^comment: 'sometimes' is none of changes, always, off$"):
        parse_mode("sometimes")


def environ_of(hub: FakeGitHub, folder: Path, token: str) -> dict[str, str]:
    """The environment of a job for a pull request, whose event is a file in `folder`."""
    event = {"pull_request": {"number": 7, "head": {"sha": HEAD, "repo": {"full_name": REPO}}, "base": {"sha": BASE}}}
    (folder / "event.json").write_text(json.dumps(event))
    return {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": REPO,
        "GITHUB_API_URL": hub.url,
        "GITHUB_TOKEN": token,
    }


def test_a_saved_report_is_published(hub: FakeGitHub, tmp_path: Path) -> None:
    write_report(tmp_path / "report.json", CHANGED)

    (posted,) = publish_file(tmp_path / "report.json", environ_of(hub, tmp_path, JOB_TOKEN))
    assert isinstance(posted, Posted)

    assert hub.bodies(REPO, 7) == ["<!-- pocketfit:default -->\n" + render_markdown(CHANGED, job=PUSHED)]


def test_a_saved_report_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"report\.json: "):
        publish_file(tmp_path / "report.json", {})


def test_a_reviewer_is_led_to_all_that_there_is(hub: FakeGitHub) -> None:
    """The job, the page and the files that it kept, the configuration's line, and what each kind of reason means."""
    grew = Row("tiny", "lite", "fp32", "failed", ("the file is 9 B, the limit is 8 B",), ("size",))
    gone = Row("big", "lite", "fp32", "failed", ("net.py can't be imported: ModuleNotFoundError: No module named 'x'",))
    context = replace(job(hub), run_id="42")
    config = ConfigLines("ml/pocketfit.toml", {}, {("tiny", "size"): 5})
    publish(
        replace(QUIET, verdict="fail", rows=(grew, gone)), context, client(context), mode="changes", key="x", config=config
    )  # fmt: skip
    (body,) = hub.bodies(REPO, 7)
    above, _, below = body.partition("<details>")
    last = below.rpartition("</details>")[2]
    run = f"https://github.com/{REPO}/actions/runs/42"
    assert re.findall(r"\]\(([^\s)]+)\)", above) == [
        address("not-imported"),
        address("size-limit"),
        f"https://github.com/{REPO}/blob/{HEAD}/ml/pocketfit.toml#L5",
    ]
    assert re.findall(r"\[([^]]*)\]\(([^\s)]+)\)", last) == [
        ("the job", run),
        ("the page and the files", f"{run}#artifacts"),
    ]


def test_the_limit_that_failed_is_linked(hub: FakeGitHub) -> None:
    row = Row("tiny", "lite", "fp32", "failed", ("the file is 9 B, the limit is 8 B",), ("size",))
    config = ConfigLines("pocketfit.toml", {}, {("tiny", "size"): 5})
    context = job(hub)
    publish(
        replace(QUIET, verdict="fail", rows=(row,)), context, client(context), mode="changes", key="x", config=config
    )
    (body,) = hub.bodies(REPO, 7)
    assert f"](https://github.com/octo/phone/blob/{HEAD}/pocketfit.toml#L5)" in body
