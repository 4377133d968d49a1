"""The action as users run it: their workflow, the image from our Dockerfile, and an API that keeps comments."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pytest

from pocketfit.records import UNVERIFIED
from pocketfit.report.markdown import render_markdown
from pocketfit.store import read_report
from tests.e2e.conftest import Place, comment_on, report_of, statuses
from tests.e2e.repository import REPO
from tests.fake_github import JOB_TOKEN, READ_ONLY_TOKEN

# The first run builds the image, of which torch alone takes minutes.
pytestmark = pytest.mark.timeout(1500)

FORK = "someone/phone"
WIDTH = ("models/classify.py", "MOBILENET_WIDTH = 1.0", "MOBILENET_WIDTH = 1.4", "Make mobilenet_v2 wider")
# What a hostile model finds out and does; the answer comes back as the reason why it failed.
HOSTILE = """def two_inputs() -> nn.Module:
    import os, socket
    print("::set-output name=verdict::pwned")
    print("::error::pwned")
    held = [key for key in os.environ if key.startswith(("INPUT_", "ACTIONS_", "GITHUB_"))]
    def attempt(action):
        try:
            action()
            return "yes"
        except OSError as error:
            return type(error).__name__
    docker = attempt(lambda: socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock"))
    parent = attempt(lambda: open(f"/proc/{os.getppid()}/environ").read())
    first = attempt(lambda: open("/proc/1/environ").read())
    tree = attempt(lambda: open("pocketfit.toml", "a"))
    git = attempt(lambda: open(".git/config").read())
    net = attempt(lambda: socket.create_connection(("127.0.0.1", 80), 5))
    user = "own" if os.getuid() >= 60000 else os.getuid()
    raise RuntimeError(
        f"user {user} held {held} docker {docker} parent {parent} first {first} tree {tree} git {git} net {net}"
    )
"""


def test_a_pull_request_and_its_next_push(place: Place) -> None:
    """Created with the first run, updated by the second, whose model is hostile."""
    hub, repository = place.hub, place.repository

    event = repository.push(*WIDTH)
    first = place.act.run(repository, "pull-request", event, JOB_TOKEN, place.folder / "first")

    assert first.succeeded, first.log
    report = report_of(first, "pass")
    assert (report.base, report.head) == (repository.git("rev-parse", "main"), repository.git("rev-parse", "merge"))
    assert statuses(report) == {
        "resnet18/lite/fp32": "identical",
        "mobilenet_v2/lite/fp32": "compared",
        "two_inputs/lite/fp32": "identical",
        "two_inputs/torchscript/fp32": "identical",
    }
    assert {row.smoke.status for row in report.rows} == {"passed"}
    (comment,) = hub.comments[REPO, 7]
    assert comment["body"] == comment_on(report, event["pull_request"]["head"]["sha"])
    assert comment["user"]["login"] == "github-actions[bot]"
    artifacts = first.uploads / "pocketfit-pass/artifacts"
    file = "mobilenet_v2.lite.fp32.ptl"
    grown_bytes = (artifacts / "head" / file).stat().st_size - (artifacts / "base" / file).stat().st_size
    assert grown_bytes > 9_000_000
    assert f"+{grown_bytes:,} B" in comment["body"]
    assert first.outputs() == {
        "verdict": "pass",
        "report-json": "pocketfit-out/report.json",
        "report-md": "pocketfit-out/report.md",
        "report-html": "pocketfit-out/report.html",
        "artifacts": "pocketfit-out/artifacts",
        "comment-url": comment["html_url"],
        "comment-posted": "true",
        "check-run-url": "",
    }
    assert "Summary - " + render_markdown(report).rstrip("\n") in first.log
    assert (first.uploads / "pocketfit-pass/report.html").read_text().lower().startswith("<!doctype html>")
    assert JOB_TOKEN not in first.log

    event = repository.push(
        "models/two_inputs.py", "def two_inputs() -> nn.Module:\n    return TwoInputs()\n", HOSTILE, "Be hostile"
    )
    second = place.act.run(repository, "pull-request", event, JOB_TOKEN, place.folder / "second")

    assert not second.succeeded
    report = report_of(second, "fail")
    assert statuses(report) == {
        "resnet18/lite/fp32": "identical",
        "mobilenet_v2/lite/fp32": "compared",
        "two_inputs/lite/fp32": "failed",
        "two_inputs/torchscript/fp32": "failed",
    }
    (row, _) = [row for row in report.rows if row.status == "failed"]
    assert (
        "user own held [] docker PermissionError parent PermissionError first PermissionError tree PermissionError "
        "git PermissionError net PermissionError" in row.reasons[0]
    )
    assert [updated["id"] for updated in hub.comments[REPO, 7]] == [comment["id"]]
    assert hub.bodies(REPO, 7) == [comment_on(report, event["pull_request"]["head"]["sha"])]
    assert second.outputs() == {**first.outputs(), "verdict": "fail"}
    assert "Summary - " + render_markdown(report).rstrip("\n") in second.log


def test_a_fork_gets_its_comment_from_the_second_workflow(place: Place) -> None:
    """Only the small model, since the comment is what this is about."""
    hub, repository = place.hub, place.repository
    config = repository.folder / "pocketfit.toml"
    quick, _, models = config.read_text().partition("\n\n")
    config.write_text(f"{quick}\n\n[models.two_inputs]" + models.split("[models.two_inputs]")[1])
    repository.git("switch", "--quiet", "main")
    repository.commit("One model")
    repository.git("branch", "--force", "topic", "main")
    event = repository.push("models/two_inputs.py", "width: int = 32", "width: int = 64", "Wider")
    head = event["pull_request"]["head"]
    head["repo"] = {"full_name": FORK}

    first = place.act.run(repository, "fork-1-check", event, READ_ONLY_TOKEN, place.folder / "first")

    assert first.succeeded, first.log
    assert (first.outputs()["verdict"], first.outputs()["comment-posted"]) == ("pass", "false")
    assert hub.comments == {}
    (left,) = (first.uploads / "pocketfit-report").iterdir()
    report = read_report(left)

    # What GitHub keeps, and tells the second workflow, which has the default branch checked out at most.
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(left, left.name)
    hub.add_artifact(REPO, 42, "pocketfit-report", packed.getvalue())
    hub.add_pull(REPO, 7, head["sha"], head["ref"], FORK)
    repository.git("switch", "--quiet", "main")
    run = {"id": 42, "event": "pull_request", "head_sha": head["sha"], "head_branch": head["ref"]}
    event = {"action": "completed", "workflow_run": run | {"head_repository": {"full_name": FORK}}}

    second = place.act.run(repository, "fork-2-comment", event, JOB_TOKEN, place.folder / "second")

    assert second.succeeded, second.log
    (comment,) = hub.comments[REPO, 7]
    shown = replace(report, notes=(UNVERIFIED, *report.notes))
    assert comment["body"] == comment_on(shown, head["sha"], run["id"])
    assert (second.outputs()["verdict"], second.outputs()["comment-url"]) == ("pass", comment["html_url"])
    (fetched,) = [seen for seen in hub.seen if seen.path.startswith("/blobs/")]
    assert fetched.authorization is None


def test_exporting_for_a_release(place: Place) -> None:
    place.repository.git("switch", "--quiet", "main")

    ran = place.act.run(
        place.repository, "export", {"inputs": {}, "ref": "refs/heads/main"}, JOB_TOKEN, place.folder / "x"
    )

    assert ran.succeeded, ran.log
    outputs = ran.outputs()
    assert (outputs["verdict"], outputs["artifacts"], outputs["comment-posted"]) == (
        "pass",
        "pocketfit-out/artifacts",
        "false",
    )
    head = ran.uploads / "models/head"
    files = {path.name for path in head.iterdir() if path.suffix in (".ptl", ".pt")}
    assert files == {
        "resnet18.lite.fp32.ptl",
        "mobilenet_v2.lite.fp32.ptl",
        "two_inputs.lite.fp32.ptl",
        "two_inputs.torchscript.fp32.pt",
    }
    assert json.loads((head / "manifest.json").read_text())
    size_bytes = (head / "resnet18.lite.fp32.ptl").stat().st_size
    assert f"| `resnet18.lite.fp32.ptl` | {size_bytes:,} |" in ran.log
    assert place.hub.comments == {}
