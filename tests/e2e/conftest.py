"""GitHub as far as this machine has it, for all that act runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pocketfit.process import finish
from pocketfit.records import Report
from pocketfit.store import read_report
from tests.e2e.act import Act, Ran, copy_action, files_with
from tests.e2e.base_image import ensure_base_image
from tests.e2e.repository import ROOT, Repository
from tests.fake_github import JOB_TOKEN, READ_ONLY_TOKEN, FakeGitHub, serve


@dataclass(frozen=True)
class Place:
    """GitHub as far as this machine has it, and a repository with a pull request."""

    hub: FakeGitHub
    act: Act
    repository: Repository
    folder: Path


@pytest.fixture(scope="session")
def base_image() -> str:
    """What the Dockerfile builds on, which is also what the jobs run on."""
    if finish(["docker", "info"], timeout=30).code:
        pytest.fail("no dockerd is running: start one, or run .ci/run, which does")
    match = re.search(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert match is not None
    ensure_base_image(match[1])
    return match[1]


@pytest.fixture(scope="session")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_action(tmp_path_factory.mktemp("action"))


@pytest.fixture
def place(base_image: str, action: Path, tmp_path: Path) -> Iterator[Place]:
    with serve() as hub:
        repository = Repository.create(tmp_path / "phone")
        yield Place(hub, Act(base_image, hub.url, action), repository, tmp_path)
    # Logs, artifacts, reports, and the repository with its settings.
    for token in (JOB_TOKEN, READ_ONLY_TOKEN):
        assert files_with(tmp_path, token) == []


def report_of(ran: Ran, verdict: str, name: str = "pocketfit") -> Report:
    return read_report(ran.uploads / f"{name}-{verdict}" / "report.json")


def statuses(report: Report) -> dict[str, str]:
    return {f"{row.model}/{row.format}/{row.precision}": row.status for row in report.rows}
