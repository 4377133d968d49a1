"""GitHub as far as this machine has it, for all that act runs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pocketfit.github.comment import DEFAULT_KEY, marker
from pocketfit.process import finish, run
from pocketfit.records import Report
from pocketfit.report.markdown import Job, render_markdown
from pocketfit.store import read_report
from tests.e2e.act import Act, Ran, copy_action, files_with, image_of
from tests.e2e.base_image import ensure_base_image
from tests.e2e.checkout import Checkout, forget_images
from tests.e2e.registry import Registry
from tests.e2e.repository import REPO, ROOT, Repository
from tests.e2e.roads import IMAGE
from tests.e2e.transcript import Page, words
from tests.fake_github import JOB_TOKEN, READ_ONLY_TOKEN, FakeGitHub, serve
from tools.release.places import KINDS


@dataclass(frozen=True)
class Place:
    """GitHub as far as this machine has it, and a repository with a pull request."""

    hub: FakeGitHub
    act: Act
    repository: Repository
    folder: Path


def comment_on(report: Report, pushed: str, run_id: int = 1) -> str:
    """The comment that a job makes of a report; act numbers every run 1."""
    job = Job(f"https://github.com/{REPO}/actions/runs/{run_id}", pushed)
    return f"{marker(DEFAULT_KEY)}\n{render_markdown(report, job=job)}"


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


@pytest.fixture(scope="session")
def image(base_image: str, action: Path) -> Iterator[None]:
    """The image, under the name that docs/quickstart.md gives it: act's own, where that ran before."""
    was_there = finish(["docker", "image", "inspect", IMAGE], timeout=60).code == 0
    if built := image_of(action):
        run("docker", "tag", built, IMAGE, timeout=60)
    else:
        run("docker", "build", "--quiet", "--tag", IMAGE, action, timeout=1400)
    yield
    if not was_there:
        run("docker", "image", "rm", IMAGE, timeout=60)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout.create(tmp_path_factory.mktemp("release") / "pocketfit")


@pytest.fixture(scope="module")
def small_image(base_image: str, checkout: Checkout) -> Iterator[str]:
    name = "pocketfit-comment-of-the-tests:1"
    file = checkout.folder / KINDS["comment"].dockerfile
    run("docker", "build", "--quiet", "--file", file, "--tag", name, checkout.folder, timeout=600)
    yield name
    finish(["docker", "image", "rm", name], timeout=60)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    registry = Registry(tmp_path_factory.mktemp("registry"))
    yield registry
    registry.kill()
    forget_images(registry.name)


@pytest.fixture
def place(base_image: str, action: Path, tmp_path: Path) -> Iterator[Place]:
    with serve() as hub:
        repository = Repository.create(tmp_path / "phone")
        yield Place(hub, Act(base_image, hub.url, action), repository, tmp_path)
    # Logs, artifacts, reports, and the repository with its settings.
    for token in (JOB_TOKEN, READ_ONLY_TOKEN):
        assert files_with(tmp_path, token) == []


@pytest.fixture
def check() -> Callable[[str, str], None]:
    """Hold a transcript against docs/quickstart.md's block of that name, or write it there."""
    page = Page(ROOT / "docs/quickstart.md")

    def compare(name: str, text: str) -> None:
        if os.environ.get("POCKETFIT_WRITE_QUICKSTART"):
            page.write(name, text)
        shown, said = words(page.block(name)), words(text)
        assert shown == said, f"{name}: only on the page {shown - said}, only in the run {said - shown}"

    return compare


def report_of(ran: Ran, verdict: str, name: str = "pocketfit") -> Report:
    return read_report(ran.uploads / f"{name}-{verdict}" / "report.json")


def statuses(report: Report) -> dict[str, str]:
    return {f"{row.model}/{row.format}/{row.precision}": row.status for row in report.rows}
