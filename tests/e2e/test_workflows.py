"""The other workflows that users copy, run by act: after a push, on several machines, at night."""

from __future__ import annotations

import json
import re

import pytest

from pocketfit.builds.git import Git
from tests.e2e.conftest import Place, comment_on, report_of, statuses
from tests.e2e.repository import REPO
from tests.fake_github import JOB_TOKEN
from tests.git_server import serve_git
from tests.local_package import write_package

# The first run builds the image, of which torch alone takes minutes.
pytestmark = pytest.mark.timeout(1500)

WIDER = ("models/two_inputs.py", "width: int = 32", "width: int = 64", "Wider")


def with_one_model(place: Place) -> str:
    """Only the small one, in its two formats, since more would show no more; returns main's commit."""
    repository = place.repository
    config = repository.folder / "pocketfit.toml"
    quick, _, models = config.read_text().partition("\n\n")
    config.write_text(f"{quick}\n\n[models.two_inputs]" + models.split("[models.two_inputs]")[1])
    repository.git("switch", "--quiet", "main")
    repository.commit("One model")
    repository.git("branch", "--force", "topic", "main")
    return repository.git("rev-parse", "main")


def test_a_push_is_compared_with_what_was_there(place: Place) -> None:
    before = with_one_model(place)
    place.repository.push(*WIDER)
    place.repository.git("switch", "--quiet", "main")
    place.repository.git("merge", "--quiet", "--ff-only", "merge")
    after = place.repository.git("rev-parse", "main")
    event = {"ref": "refs/heads/main", "before": before, "after": after, "repository": {"default_branch": "main"}}

    ran = place.act.run(place.repository, "push", event, JOB_TOKEN, place.folder / "push")

    assert ran.succeeded, ran.log
    report = report_of(ran, "pass")
    assert (report.base, report.head) == (before, after)
    assert set(statuses(report).values()) == {"compared"}
    assert f"base is {before}: what the branch was before the push" in ran.log
    assert place.hub.comments == {}


def test_pushes_are_kept_in_the_history(place: Place) -> None:
    """On a branch that shares no commit with the others; the next run shows where its variants come from."""
    before = with_one_model(place)
    repository, bare = place.repository, place.folder / "git/octo/phone.git"
    repository.git("init", "--quiet", "--bare", str(bare))
    pushed = []
    with serve_git(bare.parents[1], JOB_TOKEN) as server:
        repository.git("config", f"url.{server.url}/.insteadOf", "https://github.com/")
        for width in (64, 96):
            config = repository.folder / "models/two_inputs.py"
            config.write_text(re.sub(r"width: int = \d+", f"width: int = {width}", config.read_text()))
            after = repository.commit(f"Width {width}")
            pushed.append(after)
            event = {"ref": "refs/heads/main", "before": before, "after": after}
            event["repository"] = {"default_branch": "main"}
            ran = place.act.run(
                repository, "push", event, JOB_TOKEN, place.folder / f"push-{width}", server_url=server.url
            )
            assert ran.succeeded, ran.log
            assert f"kept {after[:9]} in the history, on branch pocketfit-history" in ran.log
            before = after
        # act's own command line has it from us.
        assert [line for line in server.told if not line.startswith("act ")] == []

    branch = Git(bare, bare=True)
    assert branch.run("for-each-ref", "--format=%(refname)").split() == ["refs/heads/pocketfit-history"]
    names = branch.run("ls-tree", "--name-only", "-r", "pocketfit-history").split()
    entries = [name for name in names if name.startswith("entries/")]
    assert [name.rpartition("-")[2] for name in entries] == [f"{commit}.json" for commit in pushed]
    report = report_of(ran, "pass")
    assert [commit.commit for commit in report.history] == pushed[:1]
    first = json.loads(branch.run("show", f"pocketfit-history:{entries[0]}"))
    kept = {(one["model"], one["format"]): one["size_bytes"] for one in first["variants"]}
    assert {(row.model, row.format): row.trend.size_bytes[0] for row in report.rows} == kept


def test_several_machines_and_one_comment(place: Place) -> None:
    before = with_one_model(place)
    event = place.repository.push(*WIDER)

    ran = place.act.run(
        place.repository, "matrix", event, JOB_TOKEN, place.folder / "matrix", event_name="pull_request"
    )

    assert ran.succeeded, ran.log
    plan = json.loads((ran.uploads / "pocketfit-plan/plan.json").read_text())
    assert [one["variants"] for one in plan["include"]] == ["two_inputs/lite/fp32", "two_inputs/torchscript/fp32"]
    for shard in plan["include"]:
        found = json.loads((ran.uploads / f"pocketfit-shard-{shard['shard']}/report.json").read_text())
        assert [f"{row['model']}/{row['format']}/{row['precision']}" for row in found["rows"]] == [shard["variants"]]
    report = report_of(ran, "pass", "merged")
    assert report.base == before
    assert statuses(report) == {"two_inputs/lite/fp32": "compared", "two_inputs/torchscript/fp32": "compared"}
    assert place.hub.bodies(REPO, 7) == [comment_on(report, event["pull_request"]["head"]["sha"])]
    artifacts = ran.uploads / "merged-pass/artifacts/head"
    assert {"two_inputs.lite.fp32.ptl", "two_inputs.torchscript.fp32.pt"} <= {path.name for path in artifacts.iterdir()}


def test_the_nightly_workflow_runs_on_a_schedule(place: Place) -> None:
    """Without the emulator, whose system image can't be had everywhere; act names no workflow to ask GitHub about."""
    with_one_model(place)

    ran = place.act.run(
        place.repository, "nightly", {}, JOB_TOKEN, place.folder / "night", event_name="schedule", job="compare"
    )

    assert ran.succeeded, ran.log
    report = report_of(ran, "pass")
    assert set(statuses(report).values()) == {"new"}
    assert {row.smoke.status for row in report.rows} == {"passed"}


def test_packages_of_the_models_code(place: Place) -> None:
    """pip runs as a user of its own, and model code as another, who can't touch what pip made."""
    repository = place.repository
    with_one_model(place)
    workflow = repository.folder / ".github/workflows/push.yml"
    workflow.write_text(
        workflow.read_text().replace("device: jvm", "device: jvm\n          requirements: packages.txt")
    )
    write_package(repository.folder / "lib")
    (repository.folder / "packages.txt").write_text("./lib\n")
    model = repository.folder / "models/two_inputs.py"
    code = "import os, who\nassert min(who.BUILT_BY, os.getuid()) >= 60000\nassert os.stat(who.__file__).st_uid == 0\n"
    model.write_text(code + model.read_text())
    commit = repository.commit("Who builds?")
    event = {"ref": "refs/heads/main", "before": commit, "after": commit, "repository": {"default_branch": "main"}}

    ran = place.act.run(repository, "push", event, JOB_TOKEN, place.folder / "packages")

    assert ran.succeeded, ran.log
    assert set(statuses(report_of(ran, "pass")).values()) == {"identical"}
