"""The comment on GitHub's bad days: never two of them, never a verdict lost, never a traceback."""

from __future__ import annotations

import io
import random
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.results import Results
from entrypoint.tell import tell
from pocketfit.github.api import GitHub
from pocketfit.github.comment import NotPosted, Posted
from pocketfit.github.context import Context, PullRequest
from pocketfit.github.publish import publish
from pocketfit.github.rest import BUDGET_S, Rest
from pocketfit.records import Environment, Report, Row
from tests.fake_github import JOB_TOKEN, READ_ONLY_TOKEN, USER_TOKEN, FakeGitHub
from tests.virtual import Clock, InProcess, Storm, Turns

REPO = "octo/phone"
PULL = PullRequest(7, "a" * 40, "b" * 40, fork=False)
MARK = "<!-- pocketfit:default -->"
REPORT = Report(
    "fail", None, "a" * 40, "0.1.0", Environment(None, None, None, None), (Row("a", "lite", "fp32", "new"),)
)
RESULTS = Results("fail", REPORT, "out/report.json", "out/report.md", "out/report.html", "")
SEQUENCES = 1_000
RACES = 200
SAID = re.compile(
    r"comment (created|updated): https://github\.com/octo/phone/pull/7#issuecomment-\d+"
    r"|no comment: nothing changed, and there is no comment yet"
    r"|::(warning|notice) title=Pocketfit::[^\n]+"
)


def hub_with(seed: int) -> FakeGitHub:
    """With talk on it, perhaps with a fake of ours, and perhaps with ours from an earlier run."""
    chance = random.Random(seed)
    hub = FakeGitHub("http://github.invalid/api/v3", largest_page=chance.choice([3, 100]))
    for _ in range(chance.randrange(7)):
        hub.add_comment(REPO, 7, "mallory", f"{MARK}\nfake" if chance.random() < 0.3 else "talk")
    if chance.random() < 0.4:
        for author in ("github-actions[bot]", "octocat"):
            hub.add_comment(REPO, 7, author, f"{MARK}\nold")
    return hub


def ours(hub: FakeGitHub, author: str) -> list[str]:
    every = hub.comments.get((REPO, 7), [])
    return [one["body"] for one in every if one["user"]["login"] == author and one["body"].startswith(MARK)]


def sequence(seed: int, folder: Path) -> bool:
    """One job that has a verdict and comments in a storm; whether the comment is there in the end."""
    chance = random.Random(seed)
    hub, clock, log = hub_with(seed), Clock(), io.StringIO()
    storm = Storm(hub, chance, clock, badness=chance.choice([0.1, 0.3, 0.6, 0.9]))
    token = chance.choice([JOB_TOKEN, USER_TOKEN, READ_ONLY_TOKEN])
    output, summary = folder / "output", folder / "summary"
    context = Context("pull_request", REPO, "a" * 40, folder, hub.url, pull_request=PULL, token=token)
    context = replace(context, output=output, step_summary=summary)
    began_s = clock.now_s

    def comment() -> Posted | NotPosted:
        github = GitHub(Rest(hub.url, token, sleep=clock.sleep, now=clock.now, transport=storm))
        return publish(REPORT, context, github, mode="always", key="default")

    tell(context, RESULTS, log, comment)
    storm.carry_out_late(by=float("inf"))

    assert len(ours(hub, "octocat" if token == USER_TOKEN else "github-actions[bot]")) <= 1
    told = output.read_text()
    assert re.match(r"verdict<<(.+)\nfail\n\1\n", told)
    assert summary.read_text().startswith("❌ **Pocketfit: the verdict is fail**")
    posted = re.search(r"comment-posted<<(.+)\n(true|false)\n\1\n", told)
    assert posted is not None
    assert SAID.fullmatch(log.getvalue().rstrip("\n")), log.getvalue()
    assert "bug of Pocketfit" not in log.getvalue()
    assert token not in log.getvalue() + told + summary.read_text()
    # The budget, one last request, and the requests that went well.
    assert clock.now_s - began_s < BUDGET_S + 60
    return posted[2] == "true"


def race(seed: int) -> None:
    """Four jobs of one pull request at once, every other time with a few faults too."""
    hub, turns = hub_with(seed), Turns(seed, 4)
    said: dict[int, Posted | NotPosted] = {}

    def work(job: int) -> None:
        def wait() -> None:
            turns.wait(job)

        chance, clock = random.Random(seed * 4 + job), Clock()
        storm = Storm(hub, chance, clock, 0.15, most=2, before=wait, kinds=("status", "limit", "reset"))
        transport = storm if seed % 2 else InProcess(hub, before=wait)
        context = Context("pull_request", REPO, "a" * 40, Path(), hub.url, pull_request=PULL, token=JOB_TOKEN)
        github = GitHub(Rest(hub.url, JOB_TOKEN, sleep=clock.sleep, now=clock.now, transport=transport))
        try:
            said[job] = publish(replace(REPORT, pocketfit=f"0.1.{job}"), context, github, mode="always", key="default")
        finally:
            turns.end()

    threads = [threading.Thread(target=work, args=(job,)) for job in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(said) == 4, "no traceback"
    (body,) = ours(hub, "github-actions[bot]")
    assert re.search(r"pocketfit 0\.1\.[0-3]\n", body)
    given_up = [one for one in said.values() if isinstance(one, NotPosted)]
    assert all("rate limit is used up" in one.reason for one in given_up), said


@pytest.mark.parametrize("part", range(10))
def test_no_sequence_of_faults_doubles_a_comment_or_hides_a_reason(part: int, tmp_path: Path) -> None:
    posted = 0
    for seed in range(part * SEQUENCES // 10, (part + 1) * SEQUENCES // 10):
        folder = tmp_path / str(seed)
        folder.mkdir()
        posted += sequence(seed, folder)
    assert posted > SEQUENCES // 40


@pytest.mark.parametrize("part", range(4))
def test_races_of_four_jobs_end_with_one_comment(part: int) -> None:
    for seed in range(part * RACES // 4, (part + 1) * RACES // 4):
        race(seed)
