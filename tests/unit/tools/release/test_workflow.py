"""release.yml calls the scripts as they are, and what may write does nothing else."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
from ruamel.yaml import YAML

from tools.release.__main__ import parser, read_release
from tools.release.places import ROOT

WORKFLOW: dict[str, Any] = YAML(typ="safe").load((ROOT / ".github/workflows/release.yml").read_text())
JOBS: dict[str, Any] = WORKFLOW["jobs"]
NOT_DRY = "${{ !inputs.dry-run }}"
VALUES = {
    '"$VERSION"': "0.1.0",
    '"$REGISTRY"': "ghcr.io/octo/phone",
    '"$VERSION.json"': "0.1.0.json",
    "${DRY_RUN:+--dry-run}": "--dry-run",
}
CALL = re.compile(r"-m tools\.release (.+)")


def calls() -> list[str]:
    return [call for job in JOBS.values() for step in job["steps"] for call in CALL.findall(step.get("run", ""))]


def needed(job: str) -> set[str]:
    """All jobs that must have succeeded before."""
    needs = JOBS[job].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(needed(one) for one in direct))


@pytest.mark.parametrize("call", calls())
def test_each_call_is_one_that_the_scripts_take(call: str) -> None:
    for name, value in VALUES.items():
        call = call.replace(name, value)
    words = shlex.split(call.partition(" >>")[0])
    assert "$" not in call.partition(" >>")[0]
    release = read_release(parser().parse_args(words))
    assert (release.version, release.pinned) == ("0.1.0", True)


def test_every_step_of_a_release_is_there() -> None:
    assert {call.split()[0] for call in calls()} == {
        "check", "images", "sbom", "join", "wheel", "files", "tag", "latest",
    }  # fmt: skip


def test_nothing_is_tagged_or_published_before_image_and_wheel_were_seen_to_work() -> None:
    for job in ("tag", "pypi", "latest"):
        assert {"check", "gate", "image", "index", "try", "wheel", "files", "try-wheel"} <= needed(job), job
    assert {"tag", "pypi"} <= needed("latest")


def test_a_dry_run_pushes_tags_and_publishes_nothing() -> None:
    assert JOBS["index"]["if"] == NOT_DRY
    for job, told in JOBS.items():
        if job == "index" or "index" in needed(job):
            continue
        for step in told["steps"]:
            if "attest@" in step.get("uses", "") or "docker login" in step.get("run", ""):
                assert step["if"] == NOT_DRY, step
            if "tools.release images" in step.get("run", ""):
                assert "${DRY_RUN:+--dry-run}" in step["run"]
    assert WORKFLOW[True if True in WORKFLOW else "on"]["workflow_dispatch"]["inputs"]["dry-run"]["default"] is True


def test_what_may_write_to_the_repository_runs_the_scripts_git_and_gh_alone() -> None:
    writing = {job for job, told in JOBS.items() if told["permissions"].get("contents") == "write"}
    assert writing == {"tag", "latest"}
    for job in writing:
        for step in JOBS[job]["steps"]:
            assert step.get("uses", "actions/checkout@").split("@")[0] in (
                "actions/checkout",
                "actions/download-artifact",
            )
            assert not re.search(r"\b(docker|pip|make|uv|npm|sudo)\b", step.get("run", "").replace("docker://", ""))


def test_who_may_push_sign_or_publish_waits_for_a_person() -> None:
    """The environment is protected in the repository's settings: docs/releasing.md."""
    for job, told in JOBS.items():
        may = {name for name, what in told["permissions"].items() if what == "write"}
        if may - {"id-token", "attestations"} or job == "pypi":
            assert told["environment"] in ("release", "pypi"), job
