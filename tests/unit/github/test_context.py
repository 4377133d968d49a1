from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pocketfit.errors import ConfigError
from pocketfit.github.context import Context, PullRequest, WorkflowRun, read_context

HEAD, BASE, BEFORE = "a" * 40, "b" * 40, "c" * 40


def environment(tmp_path: Path, event_name: str, event: object, **more: str) -> dict[str, str]:
    path = tmp_path / "event.json"
    path.write_text(event if isinstance(event, str) else json.dumps(event))
    return {
        "GITHUB_EVENT_NAME": event_name,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REPOSITORY": "octo/phone",
        "GITHUB_SHA": HEAD,
        "GITHUB_WORKSPACE": str(tmp_path),
    } | more


def pull_request(home: str | None = "octo/phone", **more: Any) -> dict[str, Any]:
    repo = {"full_name": home} if home else None
    return {"pull_request": {"number": 7, "head": {"sha": HEAD, "repo": repo}, "base": {"sha": BASE}} | more}


def test_a_pull_request_event_gives_its_number_and_commits(tmp_path: Path) -> None:
    environ = environment(
        tmp_path,
        "pull_request",
        pull_request() | {"repository": {"default_branch": "main"}},
        **{
            "GITHUB_API_URL": "https://ghe.example/api/v3/",
            "GITHUB_SERVER_URL": "https://ghe.example/",
            "GITHUB_RUN_ID": "42",
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_WORKFLOW_REF": "octo/phone/.github/workflows/phone.yml@refs/heads/main",
            "GITHUB_OUTPUT": "/files/output",
            "GITHUB_STEP_SUMMARY": "/files/summary",
            "INPUT_GITHUB-TOKEN": "ghs_1",
        },
    )

    context = read_context(environ)

    assert context == Context(
        event="pull_request",
        repository="octo/phone",
        sha=HEAD,
        workspace=tmp_path,
        api_url="https://ghe.example/api/v3",
        server_url="https://ghe.example",
        run_id="42",
        pull_request=PullRequest(7, head_sha=HEAD, base_sha=BASE, fork=False),
        ref="refs/pull/7/merge",
        default_branch="main",
        workflow="phone.yml",
        output=Path("/files/output"),
        step_summary=Path("/files/summary"),
        token="ghs_1",
    )
    assert context.run_url == "https://ghe.example/octo/phone/actions/runs/42"
    assert "ghs_1" not in repr(context)


@pytest.mark.parametrize(("home", "fork"), [("octo/phone", False), ("someone/phone", True), (None, True)])
def test_a_fork_also_after_it_was_deleted(tmp_path: Path, home: str | None, fork: bool) -> None:
    found = read_context(environment(tmp_path, "pull_request", pull_request(home))).pull_request
    assert found is not None
    assert found.fork is fork


@pytest.mark.parametrize(
    ("name", "event", "previous"),
    [
        ("push", {"before": BEFORE}, BEFORE),
        ("push", {"before": "0" * 40}, None),
        ("push", {"before": "0" * 64}, None),
        ("push", {"before": "c0" * 32}, "c0" * 32),
        ("push", {"before": "--upload-pack=x"}, None),
        ("push", {}, None),
        ("merge_group", {"merge_group": {"base_sha": BASE}}, BASE),
        ("merge_group", {"merge_group": "odd"}, None),
        ("workflow_dispatch", {"inputs": {}, "before": BEFORE}, None),
    ],
)
def test_other_events_have_a_previous_commit_or_none(
    tmp_path: Path, name: str, event: dict[str, Any], previous: str | None
) -> None:
    context = read_context(environment(tmp_path, name, event))
    assert (context.pull_request, context.previous_sha) == (None, previous)


def test_what_is_not_set_has_a_default(tmp_path: Path) -> None:
    environ = environment(tmp_path, "push", {}, GITHUB_API_URL="", GITHUB_TOKEN="ghp_2")

    context = read_context(environ)

    assert (context.api_url, context.server_url) == ("https://api.github.com", "https://github.com")
    assert (context.output, context.step_summary, context.run_url) == (None, None, None)
    assert context.token == "ghp_2"


@pytest.mark.parametrize("missing", ["GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY"])
def test_outside_a_job_the_missing_variable_is_named(tmp_path: Path, missing: str) -> None:
    environ = environment(tmp_path, "push", {}) | {missing: ""}
    with pytest.raises(ConfigError, match=f"^not inside a GitHub job: {missing} is not set$"):
        read_context(environ)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("{", "GITHUB_EVENT_PATH: can't read .*event.json as JSON: Expecting"),
        ("[]", "GITHUB_EVENT_PATH: .*event.json holds no JSON object"),
        ({}, "the pull_request event lacks what it should hold: 'pull_request'"),
        ({"pull_request": 3}, "the pull_request event lacks what it should hold: 'int' object"),
        (pull_request(number="7; rm"), "the pull_request event's number or SHAs are not what they should be"),
        (pull_request(base={"sha": "main"}), "the pull_request event's number or SHAs are not what they should be"),
    ],
)
def test_an_odd_event_is_a_sentence(tmp_path: Path, event: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_context(environment(tmp_path, "pull_request", event))


def test_an_event_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    environ = environment(tmp_path, "push", {}, GITHUB_EVENT_PATH=str(tmp_path / "gone.json"))
    with pytest.raises(ConfigError, match=r"can't read .*gone.json as JSON: .*No such file"):
        read_context(environ)


def test_an_odd_repository_is_a_sentence(tmp_path: Path) -> None:
    environ = environment(tmp_path, "push", {}, GITHUB_REPOSITORY="octo/phone/../x")
    with pytest.raises(ConfigError, match=r"GITHUB_REPOSITORY is not OWNER/NAME: 'octo/phone/../x'"):
        read_context(environ)


def test_a_workflow_run_event_gives_the_run_it_is_about(tmp_path: Path) -> None:
    run = {"id": 42, "event": "pull_request", "head_sha": HEAD, "head_branch": "topic", "head_repository": None}
    context = read_context(environment(tmp_path, "workflow_run", {"workflow_run": run}, GITHUB_RUN_ID="43"))
    assert context.workflow_run == WorkflowRun(42, "pull_request", HEAD, "topic", None)
    assert context.pull_request is None
    assert context.reported_run_url == "https://github.com/octo/phone/actions/runs/42"


@pytest.mark.parametrize(
    ("home", "actor", "because"),
    [
        ("octo/phone", "octo", ""),
        ("octo/phone", "dependabot[bot]", "this pull request is Dependabot's"),
        ("someone/phone", "octo", "this pull request comes from a fork"),
    ],
)
def test_whose_token_is_read_only(tmp_path: Path, home: str, actor: str, because: str) -> None:
    context = read_context(environment(tmp_path, "pull_request", pull_request(home), GITHUB_ACTOR=actor))
    assert context.pull_request is not None
    assert context.pull_request.read_only_because == because
