"""The roads of docs/quickstart.md, walked: what the page shows is what is printed, or commented.

`make quickstart` writes the page's transcripts from these runs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.act import Act
from tests.e2e.repository import REPO, Repository
from tests.e2e.roads import CHANGE, COMMIT, IN_CONTAINER, WIDER, give, others, plants, shell
from tests.e2e.transcript import fenced, quoted
from tests.fake_github import JOB_TOKEN, serve

pytestmark = pytest.mark.timeout(1500)


def test_in_pull_requests(tmp_path: Path, check: Callable[[str, str], None], base_image: str, action: Path) -> None:
    folder = plants(tmp_path / "plants")
    here = shell(folder)
    check("pull requests, first", fenced(here.transcript(["pocketfit init --no-check", *COMMIT])))
    repository = Repository(folder)
    repository.git("remote", "add", "origin", f"https://github.com/{REPO}.git")
    repository.git("branch", "topic")
    event = repository.push(*WIDER, "Twice as wide")
    with serve() as hub:
        ran = Act(base_image, hub.url, action).run(repository, "pocketfit", event, JOB_TOKEN, tmp_path / "ran")
        assert ran.succeeded, ran.log
        (body,) = hub.bodies(REPO, 7)
    check("pull requests, comment", quoted(body))


def test_on_a_laptop(tmp_path: Path, check: Callable[[str, str], None]) -> None:
    here = shell(plants(tmp_path / "plants"))
    first = here.transcript(["pocketfit init", "pocketfit run --base none"])
    check("laptop, first", fenced(first))
    here.transcript([*COMMIT, "git switch -q -c wider"])
    second = here.transcript([CHANGE, "git commit -q -a -m 'Twice as wide'", "pocketfit run --base main"])
    check("laptop, second", fenced(second))


def test_in_a_container(image: None, tmp_path: Path, check: Callable[[str, str], None]) -> None:
    folder = plants(tmp_path / "plants")
    give(folder)
    text = shell(folder).transcript([f"{IN_CONTAINER} init", f"{IN_CONTAINER} run --base none"])
    assert others(folder) == []
    check("container", fenced(text))
