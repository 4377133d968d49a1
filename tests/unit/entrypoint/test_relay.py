"""Mode report: the second workflow, which comments what the first, with a token that may only read, has found."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from entrypoint.action import run_action
from pocketfit.records import UNVERIFIED, Environment, Report, Row
from pocketfit.report.markdown import Job, render_markdown
from pocketfit.store import write_report
from tests.fake_github import CHECK_TOKEN, JOB_TOKEN, READ_ONLY_TOKEN, FakeGitHub, Fault, Token, serve

REPO, FORK = "octo/phone", "someone/phone"
HEAD = "a" * 40
RUN = 42
ROW = Row("tiny", "lite", "fp32", "failed", reasons=("@everyone <b>::error::x",))
REPORT = Report("fail", None, "c" * 40, "0.1.0", Environment("2.12.1", "jvm", None, None), (ROW,))


def zipped(**members: bytes) -> bytes:
    return archive({name.replace("_", "."): data for name, data in members.items()})


def archive(members: dict[str, bytes], **options: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in options.items():
                setattr(info, key, value)
            made.writestr(info, data)
    return file.getvalue()


@dataclass
class Relay:
    """The job of a `workflow_run`, in an empty folder."""

    folder: Path
    hub: FakeGitHub
    home: str | None = FORK
    run_event: str = "pull_request"
    token: str = JOB_TOKEN
    more: dict[str, str] = field(default_factory=dict)

    def leave(self, data: bytes | None = None, name: str = "pocketfit-report", **options: Any) -> None:
        if data is None:
            write_report(self.folder / "report.json", REPORT)
            data = zipped(report_json=(self.folder / "report.json").read_bytes())
        self.hub.add_artifact(REPO, RUN, name, data, **options)

    def run(self, **inputs: str) -> str:
        home = {"full_name": self.home} if self.home else None
        run = {"id": RUN, "event": self.run_event, "head_sha": HEAD, "head_branch": "topic", "head_repository": home}
        (self.folder / "event.json").write_text(json.dumps({"workflow_run": run}))
        workspace = self.folder / "workspace"
        workspace.mkdir()
        log = io.StringIO()
        environ = {
            "GITHUB_EVENT_NAME": "workflow_run",
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_SERVER_URL": "https://ghe.example",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "INPUT_GITHUB-TOKEN": self.token,
        } | {f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()}
        assert run_action(environ, log, ("false",)) == 0, "it has no verdict of its own"
        assert list(workspace.iterdir()) == [], "it checks out and writes nothing"
        assert self.token not in log.getvalue()
        return log.getvalue()

    def outputs(self) -> dict[str, str]:
        text = (self.folder / "output").read_text()
        return {match[1]: match[3] for match in re.finditer(r"(.+)<<(.+)\n(.*)\n\2\n", text)}


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with serve() as hub:
        yield Relay(tmp_path, hub)


SHOWN = replace(REPORT, notes=(UNVERIFIED,))


def test_a_forks_report_is_shown(relay: Relay) -> None:
    relay.leave()
    relay.hub.add_pull(REPO, 7, HEAD, "topic", FORK)

    log = relay.run()

    (comment,) = relay.hub.comments[REPO, 7]
    job = Job(f"https://ghe.example/{REPO}/actions/runs/{RUN}", HEAD)
    assert comment["body"] == f"<!-- pocketfit:default -->\n{render_markdown(SHOWN, job=job)}"
    assert "@&#8203;everyone &#60;b&#62;&#58;&#58;error::x" in comment["body"]
    assert log == f"comment created: {comment['html_url']}\n"
    assert (relay.folder / "summary").read_text() == render_markdown(SHOWN)
    assert relay.outputs() == {
        "verdict": "fail",
        "report-json": "",
        "report-md": "",
        "report-html": "",
        "artifacts": "",
        "comment-url": comment["html_url"],
        "comment-posted": "true",
        "check-run-url": "",
    }
    (blob,) = [seen for seen in relay.hub.seen if seen.path.startswith("/blobs/")]
    assert blob.authorization is None, "the storage is not GitHub"


def test_dependabot_takes_the_same_road(relay: Relay) -> None:
    relay.home = REPO
    relay.leave()
    relay.hub.add_pull(REPO, 7, HEAD, "topic", REPO)
    assert relay.run().startswith("comment created: ")


def test_each_key_has_its_artifact(relay: Relay) -> None:
    relay.leave(name="pocketfit-report-phone")
    relay.hub.add_pull(REPO, 7, HEAD, "topic", FORK)
    relay.run(comment_key="phone")
    assert relay.hub.bodies(REPO, 7)[0].startswith("<!-- pocketfit:phone -->\n")


def test_the_newest_attempt_counts(relay: Relay) -> None:
    relay.leave(b"broken")
    relay.leave()
    relay.hub.add_pull(REPO, 7, HEAD, "topic", FORK)
    assert relay.run().startswith("comment created: ")


OTHER = "d" * 40
NO_PULL = (
    f"could not comment: no open pull request has {HEAD} as its head (it was closed, or got newer commits, whose own run "
    "comments)"
)


@pytest.mark.parametrize(
    ("pulls", "sentence"),
    [
        ([], NO_PULL),
        ([(7, OTHER, "topic", FORK)], NO_PULL),
        ([(7, HEAD, "other", FORK)], NO_PULL),
        ([(7, HEAD, "topic", "somebody-else/phone")], NO_PULL),
        ([(7, HEAD, "topic", "someone/tablet")], NO_PULL),
        ([(7, HEAD, "topic", FORK, "closed")], NO_PULL),
        (
            [(7, HEAD, "topic", FORK), (8, HEAD, "topic", FORK)],
            f"could not comment: {HEAD} is the head of more than one open pull request (#7, #8), and which one the run "
            "was for is not known",
        ),
    ],
)
def test_only_the_one_pull_request_it_was_for(relay: Relay, pulls: list[Any], sentence: str) -> None:
    relay.leave()
    for pull in pulls:
        relay.hub.add_pull(REPO, *pull)
    assert relay.run() == f"::warning title=Pocketfit::{sentence}\n"
    assert relay.hub.comments == {}
    assert relay.outputs()["verdict"] == "fail"
    assert (relay.folder / "summary").read_text() == render_markdown(SHOWN)


def test_closed_and_other_pull_requests_do_not_confuse(relay: Relay) -> None:
    relay.leave()
    relay.hub.add_pull(REPO, 5, HEAD, "topic", FORK, "closed")
    relay.hub.add_pull(REPO, 6, HEAD, "topic", "somebody-else/phone")
    relay.hub.add_pull(REPO, 7, HEAD, "topic", FORK)
    relay.run()
    assert list(relay.hub.comments) == [(REPO, 7)]


def test_a_fork_that_was_deleted(relay: Relay) -> None:
    relay.home = None
    relay.leave()
    relay.hub.add_pull(REPO, 7, HEAD, "topic", None)
    assert relay.run() == f"::warning title=Pocketfit::{NO_PULL}\n"


def test_a_run_for_a_push_is_not_shown(relay: Relay) -> None:
    relay.run_event = "push"
    relay.leave()
    assert relay.run() == "no comment: run 42 was for the event push, which has no pull request\n"


def test_a_check_run_stands_on_the_forks_commit(relay: Relay) -> None:
    relay.token = CHECK_TOKEN
    relay.leave()
    relay.hub.add_pull(REPO, 7, HEAD, "topic", FORK)
    log = relay.run(check_run="true")
    (run,) = relay.hub.check_runs[REPO]
    assert (run["head_sha"], run["details_url"]) == (HEAD, f"https://ghe.example/{REPO}/actions/runs/{RUN}")
    assert log.endswith(f"check run created: {run['html_url']}\n")
    assert "pull request's own code, run without secrets" in run["output"]["summary"]


def test_comments_that_are_off_stay_off(relay: Relay) -> None:
    relay.leave()
    assert relay.run(comment="off") == "no comment: comments are switched off\n"


LARGE = b"0" * (8 * 1024 * 1024 + 1)
NOT_SHOWN = "the artifact pocketfit-report of run 42 is not shown: "


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is no zip archive that can be read"),
        (b"PK\x03\x04 nonsense", "it is no zip archive that can be read"),
        (zipped(report_json=b"x")[:-5], "it is no zip archive that can be read"),
        (zipped(), "the archive has 0 members, not report.json alone"),
        (zipped(report_json=b"{}", a=b""), "the archive has 2 members, not report.json alone"),
        (archive({"../report.json": b"{}"}), "the archive's member is not report.json"),
        (archive({"/report.json": b"{}"}), "the archive's member is not report.json"),
        (archive({"report.json\n::error::x": b"{}"}), "the archive's member is not report.json"),
        (archive({"report.json/": b""}), "the archive's member is not report.json"),
        (archive({"report.json": b"/etc/passwd"}, external_attr=0o120777 << 16), "report.json is no ordinary file"),
        (archive({"report.json": LARGE}), "report.json is larger than 8,388,608 bytes"),
        (b"x" * (4 * 1024 * 1024 + 1), "it has 4,194,305 bytes, more than 4,194,304"),
        (zipped(report_json=b"{"), "pocketfit-report/report.json: it is not JSON (EOF while parsing an object at"),
        (zipped(report_json=b"[]"), "pocketfit-report/report.json: it should be an object, not []"),
        (
            zipped(report_json=json.dumps({"\n::error::x ##[error]y": 1}).encode()),
            "pocketfit-report/report.json: verdict is missing",
        ),
    ],
)
def test_an_artifact_that_is_not_shown(relay: Relay, data: bytes, why: str) -> None:
    relay.leave(data)
    relay.hub.add_pull(REPO, 7, HEAD, "topic", FORK)
    log = relay.run()
    assert log.startswith(f"::warning title=Pocketfit::{NOT_SHOWN}{why}")
    assert log.count("\n") == 1
    assert relay.hub.comments == {}
    assert (relay.outputs()["verdict"], relay.outputs()["comment-posted"]) == ("error", "false")


def test_an_archive_that_lies_about_its_size(relay: Relay) -> None:
    honest = archive({"report.json": b"0" * 10_000_000})
    size = (10_000_000).to_bytes(4, "little")
    relay.leave(honest.replace(size, (5).to_bytes(4, "little")))
    assert NOT_SHOWN in relay.run()


def test_an_encrypted_member_is_refused(relay: Relay) -> None:
    data = bytearray(zipped(report_json=b"{}"))
    # The flags of the local header and of the central directory.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    relay.leave(bytes(data))
    assert f"{NOT_SHOWN}report.json is encrypted or packed in a way that is not supported" in relay.run()


def test_a_report_of_too_many_rows_is_refused(relay: Relay) -> None:
    rows = [{"model": "a", "format": "b", "precision": "c", "status": "new"}] * 2_001
    report = {"verdict": "pass", "base": None, "head": None, "pocketfit": "x", "rows": rows}
    report["environment"] = dict.fromkeys(("torch", "device", "runtime", "cpu"))
    relay.leave(zipped(report_json=json.dumps(report).encode()))
    assert f"{NOT_SHOWN}pocketfit-report/report.json: it has 2,001 rows, more than 2,000" in relay.run()


@pytest.mark.parametrize("options", [{"name": "models"}, {"expired": True}])
def test_a_run_without_an_artifact_is_a_notice(relay: Relay, options: dict[str, Any]) -> None:
    relay.leave(**options)
    assert relay.run() == "::notice title=Pocketfit::run 42 left no artifact pocketfit-report\n"
    assert relay.outputs()["verdict"] == "error"
    assert not (relay.folder / "summary").exists()


def test_a_token_that_may_not_read_artifacts(relay: Relay) -> None:
    relay.hub.tokens["ghs_other"] = Token("github-actions[bot]", may_read_actions=False)
    relay.token = "ghs_other"
    assert relay.run() == (
        "::warning title=Pocketfit::could not fetch artifact pocketfit-report: GitHub answered 403 to GET "
        "/repos/octo/phone/actions/runs/42/artifacts: Resource not accessible by integration; the job needs the "
        "permission `actions: read`, and can be run again once GitHub answers\n"
    )


def test_an_artifact_that_vanishes(relay: Relay) -> None:
    relay.leave()
    relay.hub.faults.append(Fault("GET", "/zip", 410, "Artifact has expired"))
    assert relay.run().startswith(
        "::warning title=Pocketfit::could not fetch artifact pocketfit-report: add the permission `actions: read` "
    )


def test_a_token_that_may_not_comment(relay: Relay) -> None:
    relay.token = READ_ONLY_TOKEN
    relay.leave()
    relay.hub.add_pull(REPO, 7, HEAD, "topic", FORK)
    assert "could not comment: the token lacks the permission; add the permission `pull-requests: write`" in relay.run()


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ({}, "the workflow_run event lacks what it should hold: 'id'"),
        ({"id": "42; rm"}, "the workflow_run event's id, SHA or names are not what they should be"),
        ({"head_sha": "main"}, "the workflow_run event's id, SHA or names are not what they should be"),
        ({"head_branch": 3}, "the workflow_run event's id, SHA or names are not what they should be"),
        ({"head_repository": {"full_name": []}}, "the workflow_run event's id, SHA or names are not"),
    ],
)
def test_an_odd_event_is_refused_in_a_sentence(tmp_path: Path, run: dict[str, Any], sentence: str) -> None:
    good = {"id": RUN, "event": "pull_request", "head_sha": HEAD, "head_branch": "topic", "head_repository": None}
    (tmp_path / "event.json").write_text(json.dumps({"workflow_run": good | run if run else {}}))
    environ = {
        "GITHUB_EVENT_NAME": "workflow_run",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REPOSITORY": REPO,
    }
    log = io.StringIO()
    assert run_action(environ, log) == 2
    assert log.getvalue().startswith(f"::error title=Pocketfit::{sentence}")
