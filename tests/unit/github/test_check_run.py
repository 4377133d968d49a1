"""The check run against a small GitHub: one for a commit, with the verdict, and never a failure of the job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pocketfit.config.model_lines import ConfigLines
from pocketfit.github.api import GitHub
from pocketfit.github.check_run import Checked, check, conclusion
from pocketfit.github.comment import NotPosted
from pocketfit.github.context import Context, PullRequest
from pocketfit.github.publish import publish_file
from pocketfit.github.rest import Rest
from pocketfit.records import Environment, Report, Row, Smoke
from pocketfit.report.markdown import Job, render_markdown
from pocketfit.store import write_report
from tests.fake_github import CHECK_TOKEN, JOB_TOKEN, READ_ONLY_TOKEN, USER_TOKEN, FakeGitHub, Fault, serve
from tests.unit.github.test_publish import environ_of
from tests.unit.report.samples import CALM

REPO = "octo/phone"
HEAD, BASE = "a" * 40, "b" * 40
GREW = Row("tiny", "lite", "fp32", "failed", ("the file is 9 B, the limit is 8 B",), ("size",))
BROKEN = Row("big", "lite", "int8", "failed", ("it has no forward",))
BAD = Report(
    "fail", BASE, HEAD, "0.1.0", Environment("2.12.1", "jvm", "pytorch_android_lite 1.12.2", "cpu"), (GREW, BROKEN)
)
CONFIG = ConfigLines("ml/pocketfit.toml", {"tiny": 3, "big": 9}, {("tiny", "size"): 7})
REFUSED = "(GitHub answered 403 to POST /repos/octo/phone/check-runs: Resource not accessible by integration)"


@pytest.fixture
def hub() -> Iterator[FakeGitHub]:
    with serve() as hub:
        yield hub


def job(hub: FakeGitHub, token: str = CHECK_TOKEN, *, fork: bool = False) -> Context:
    return Context(
        "pull_request", REPO, "c" * 40, Path("."), hub.url,
        pull_request=PullRequest(7, HEAD, BASE, fork), token=token, run_id="42",
    )  # fmt: skip


def put(
    context: Context, report: Report = BAD, config: ConfigLines = CONFIG, key: str = "default"
) -> Checked | NotPosted:
    return check(
        report, context, GitHub(Rest(context.api_url, context.token, sleep=lambda _: None)), key=key, config=config
    )


def lines(hub: FakeGitHub, run: int) -> list[tuple[str, int, str, str]]:
    return [(one["path"], one["start_line"], one["title"], one["message"]) for one in hub.annotations[run]]


def test_it_stands_on_the_commit_that_was_pushed_and_says_what_the_comment_says(hub: FakeGitHub) -> None:
    context = job(hub)
    said = put(context)
    (run,) = hub.check_runs[REPO]
    assert str(said) == f"check run created: {run['html_url']}"
    assert (run["name"], run["head_sha"], run["status"], run["conclusion"]) == (
        "Pocketfit report", HEAD, "completed", "failure",
    )  # fmt: skip
    assert run["details_url"] == "https://github.com/octo/phone/actions/runs/42"
    assert run["output"]["title"] == "2 of 2 variants fail"
    whole = Job(context.run_url, HEAD, f"https://github.com/{REPO}/blob/{HEAD}", CONFIG)
    assert run["output"]["summary"] == render_markdown(BAD, job=whole)
    assert lines(hub, run["id"]) == [
        ("ml/pocketfit.toml", 7, "tiny/lite/fp32", "the file is 9 B, the limit is 8 B"),
        ("ml/pocketfit.toml", 9, "big/lite/int8", "it has no forward"),
    ]


def test_a_second_run_updates_it_and_says_nothing_twice(hub: FakeGitHub) -> None:
    put(job(hub), replace(BAD, rows=(GREW,)))
    said = put(job(hub))
    (run,) = hub.check_runs[REPO]
    assert said == Checked(run["html_url"], updated=True)
    assert run["output"]["title"] == "2 of 2 variants fail"
    assert [message for *_, message in lines(hub, run["id"])] == [
        "the file is 9 B, the limit is 8 B",
        "it has no forward",
    ]
    put(job(hub))
    assert len(hub.annotations[run["id"]]) == 2


def test_where_an_annotation_no_longer_holds_a_new_one_hides_it(hub: FakeGitHub) -> None:
    put(job(hub))
    put(job(hub), CALM)
    old, new = hub.check_runs[REPO]
    assert (old["conclusion"], new["conclusion"]) == ("failure", "success")
    assert hub.annotations[new["id"]] == []
    put(job(hub), CALM)
    assert len(hub.check_runs[REPO]) == 2


def test_others_of_the_name_are_left_alone_and_keys_are_apart(hub: FakeGitHub) -> None:
    theirs = hub.add_check_run(REPO, {"name": "Pocketfit report", "head_sha": HEAD, "external_id": "a job's"})
    put(job(hub))
    put(job(hub), key="audio")
    assert theirs["external_id"] == "a job's"
    assert [run["name"] for run in hub.check_runs[REPO]] == [
        "Pocketfit report", "Pocketfit report", "Pocketfit report (audio)",
    ]  # fmt: skip


def test_a_push_has_its_own_commit(hub: FakeGitHub) -> None:
    put(replace(job(hub), event="push", pull_request=None))
    assert [run["head_sha"] for run in hub.check_runs[REPO]] == ["c" * 40]


@pytest.mark.parametrize(
    ("report", "word"),
    [
        (CALM, "success"),
        (BAD, "failure"),
        # A neutral one would let a required check pass.
        (replace(BAD, verdict="error", rows=()), "failure"),
        (replace(BAD, verdict="pass", rows=(Row("a", "lite", "fp32", "new", smoke=Smoke("skipped")),)), "neutral"),
        (replace(BAD, verdict="pass", rows=()), "neutral"),
    ],
)
def test_what_the_verdict_is_to_github(report: Report, word: str) -> None:
    assert conclusion(report) == word


def test_200_variants_that_fail_are_what_github_takes(hub: FakeGitHub) -> None:
    rows = tuple(replace(GREW, model=f"net{index}", reasons=("é" * 3_000,)) for index in range(200))
    config = ConfigLines("pocketfit.toml", {row.model: 1 for row in rows})
    assert isinstance(put(job(hub), replace(BAD, rows=rows), config), Checked)
    (run,) = hub.check_runs[REPO]
    assert len(hub.annotations[run["id"]]) == 50
    assert 30_000 < len(run["output"]["summary"]) <= 65_535


def test_without_lines_there_are_no_annotations(hub: FakeGitHub) -> None:
    put(job(hub), config=ConfigLines())
    (run,) = hub.check_runs[REPO]
    assert hub.annotations[run["id"]] == []


@pytest.mark.parametrize(
    ("token", "fork", "said"),
    [
        (
            JOB_TOKEN,
            False,
            "no check run: the token lacks the permission; add the permission `checks: write` under `permissions:` of the "
            f"job, or leave the input check-run out {REFUSED}",
        ),
        (
            READ_ONLY_TOKEN,
            True,
            f"no check run: this pull request comes from a fork, whose token is read-only {REFUSED}",
        ),
        ("", False, "no check run: there is no token (input github-token), or no commit"),
    ],
)
def test_what_the_token_may_not_is_a_notice(hub: FakeGitHub, token: str, fork: bool, said: str) -> None:
    assert put(job(hub, token, fork=fork)) == NotPosted(said, "notice")


def test_no_person_may_create_one(hub: FakeGitHub) -> None:
    said = put(job(hub, USER_TOKEN))
    assert isinstance(said, NotPosted)
    assert (said.level, "checks: write" in said.reason) == ("notice", True)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("GET", "check-runs", 404, "Not Found"), "the token lacks the permission"),
        (Fault("GET", "check-runs", 503, "down", times=99), "GitHub answered 503"),
        (Fault("POST", "check-runs", 422, "Invalid request."), "GitHub answered 422"),
    ],
)
def test_a_fault_is_one_sentence(hub: FakeGitHub, fault: Fault, reason: str) -> None:
    hub.faults.append(fault)
    said = put(job(hub))
    assert isinstance(said, NotPosted)
    assert (said.level, said.reason.startswith(f"no check run: {reason}")) == ("notice", True)


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_makes_no_second_one(hub: FakeGitHub, after: bool) -> None:
    hub.faults.append(Fault("POST", "check-runs", 0, after=after))
    assert isinstance(put(job(hub)), Checked)
    (run,) = hub.check_runs[REPO]
    assert len(hub.annotations[run["id"]]) == 2


def test_a_saved_report_is_put_there_too(hub: FakeGitHub, tmp_path: Path) -> None:
    write_report(tmp_path / "report.json", BAD)
    environ = environ_of(hub, tmp_path, CHECK_TOKEN)
    said = publish_file(tmp_path / "report.json", environ, mode="off", check_run=True)
    assert [str(one).partition(":")[0] for one in said] == ["no comment", "check run created"]
