"""The action and a history: whose job may add to it, and a whole push with a stand-in for the run."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.action import run_action
from entrypoint.inputs import Inputs, Task
from entrypoint.past import is_kept
from pocketfit.github.context import Context, PullRequest
from pocketfit.history.reading import read_folder
from pocketfit.store import write_report
from tests.fake_github import JOB_TOKEN, serve
from tests.unit.entrypoint.repository import Repository, git
from tests.unit.report.samples import EVERYTHING, GREW

NAME = "pocketfit-history"
PUSH = Context("push", "octo/phone", "a" * 40, Path(), ref="refs/heads/main", default_branch="main")
FORK = PullRequest(7, "a" * 40, "b" * 40, fork=True)


@pytest.mark.parametrize(
    ("context", "task", "variants", "expected"),
    [
        (PUSH, "check", (), True),
        (PUSH, "merge", (), True),
        (PUSH, "export", (), False),
        (PUSH, "check", ("net/lite/fp32",), False),
        (replace(PUSH, ref="refs/heads/topic"), "check", (), False),
        (replace(PUSH, ref="refs/tags/main"), "check", (), False),
        (replace(PUSH, default_branch=None, ref="refs/heads/None"), "check", (), False),
        (replace(PUSH, event="pull_request", pull_request=FORK), "check", (), False),
        (replace(PUSH, event="pull_request", pull_request=replace(FORK, fork=False)), "check", (), False),
        (replace(PUSH, event="workflow_run"), "merge", (), False),
        (replace(PUSH, event="pull_request_target"), "check", (), False),
        (replace(PUSH, event="workflow_dispatch"), "check", (), False),
        (replace(PUSH, event="schedule"), "check", (), False),
        (replace(PUSH, event="merge_group"), "check", (), False),
    ],
)
def test_only_a_push_to_the_default_branch_is_kept(
    context: Context, task: Task, variants: tuple[str, ...], expected: bool
) -> None:
    assert is_kept(context, Inputs(variants=variants), task) is expected


class Job:
    """A repository that is its own origin's clone, and a program that writes a report of HEAD."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = Repository(folder / "origin")
        self.workspace = self.origin.clone(folder / "work", "main", depth=1)
        report = replace(EVERYTHING, head=self.origin.two, rows=(replace(GREW, status="new"),), verdict="pass")
        write_report(folder / "given.json", report)

    def run(self, event: str = "push", ref: str = "refs/heads/main", **inputs: str) -> tuple[int, str, list[str]]:
        script = f"""
import json, pathlib, shutil, sys
place = sys.argv[sys.argv.index("--history") + 1] if "--history" in sys.argv else ""
pathlib.Path({str(self.folder / "call.json")!r}).write_text(json.dumps(sys.argv[1:]))
if place:
    shutil.copytree(place, {str(self.folder / "seen")!r}, dirs_exist_ok=True)
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
out.mkdir(exist_ok=True)
shutil.copy({str(self.folder / "given.json")!r}, out / "new.json")
(out / "new.json").replace(out / "report.json")
"""
        body: dict[str, object] = {"repository": {"default_branch": "main"}, "before": self.origin.one, "ref": ref}
        if event == "pull_request":
            head = {"sha": self.origin.work, "repo": {"full_name": "fork/phone"}}
            body["pull_request"] = {"number": 7, "head": head, "base": {"sha": self.origin.one}}
        (self.folder / "event.json").write_text(json.dumps(body))
        log = io.StringIO()
        with serve() as hub:
            environ = {
                "PATH": "/usr/bin:/bin",
                "GITHUB_EVENT_NAME": event,
                "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
                "GITHUB_REF": ref,
                "GITHUB_REPOSITORY": "octo/phone",
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_API_URL": hub.url,
                "INPUT_GITHUB-TOKEN": JOB_TOKEN,
            } | {f"INPUT_{name.upper()}": value for name, value in inputs.items()}
            code = run_action(environ, log, (sys.executable, "-c", script))
        return code, log.getvalue(), json.loads((self.folder / "call.json").read_text())

    def kept(self) -> list[str]:
        if not git(self.origin.folder, "branch", "--list", NAME):
            return []
        return git(self.origin.folder, "ls-tree", "--name-only", f"{NAME}:entries").splitlines()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_a_push_adds_to_the_history_and_the_next_job_sees_it(job: Job) -> None:
    code, log, words = job.run(history=NAME)
    assert code == 0
    assert f"kept {job.origin.two[:9]} in the history, on branch {NAME}\n" in log
    # The folder was for the run alone.
    assert not Path(words[words.index("--history") + 1]).exists()
    assert read_folder(job.folder / "seen").entries == ()
    (name,) = job.kept()
    assert name.endswith(f"-{job.origin.two}.json")
    assert JOB_TOKEN not in log

    code, log, words = job.run("pull_request", "refs/pull/7/merge", history=NAME)
    assert code == 0
    assert "in the history" not in log
    (seen,) = read_folder(job.folder / "seen").entries
    assert (seen.commit, seen.variants[0].model) == (job.origin.two, "mobilenet_v2")
    assert job.kept() == [name]


def test_a_push_elsewhere_only_reads(job: Job) -> None:
    _, _, words = job.run(ref="refs/heads/topic", history=NAME)
    assert "--history" in words
    assert job.kept() == []


def test_without_the_input_nothing_is_asked(job: Job) -> None:
    _, log, words = job.run()
    assert "--history" not in words
    assert "history" not in log
    assert job.kept() == []


def test_what_can_not_be_had_is_a_warning(job: Job) -> None:
    code, log, words = job.run(history="topic")
    assert code == 0
    assert "--history" not in words
    sentence = "topic is no history of Pocketfit's: it has no history.json that says so"
    assert f"::warning title=Pocketfit::no history: {sentence}\n" in log
    assert f"::warning title=Pocketfit::not kept in the history: {sentence}\n" in log


def test_the_branch_that_was_pushed_to_is_not_written_to(job: Job) -> None:
    _, log, _ = job.run(history="main")
    assert "not kept in the history: main is the branch that was pushed to\n" in log
    assert git(job.origin.folder, "rev-parse", "main") == job.origin.two


def test_a_report_of_another_commit_is_not_kept(job: Job) -> None:
    write_report(job.folder / "given.json", replace(EVERYTHING, head="c" * 40))
    _, log, _ = job.run(history=NAME)
    assert f"not kept in the history: the report is of ccccccccc, and {job.origin.two[:9]} is checked out\n" in log
    assert job.kept() == []


def test_a_refused_push_is_a_warning(job: Job) -> None:
    hook = job.origin.folder / ".git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'error: GH006: Protected branch update failed'\nexit 1\n")
    hook.chmod(0o755)
    code, log, _ = job.run(history=NAME)
    assert code == 0
    assert (
        f"::warning title=Pocketfit::not kept in the history: branch {NAME} takes no push: a rule protects it: leave this "
        "branch out of the repository's rules\n"
    ) in log


def test_a_name_that_no_branch_has(job: Job) -> None:
    log = io.StringIO()
    environ = {
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(job.folder / "event.json"),
        "GITHUB_REPOSITORY": "octo/phone",
        "GITHUB_WORKSPACE": str(job.workspace),
        "INPUT_HISTORY": "--upload-pack=x",
    }
    (job.folder / "event.json").write_text("{}")
    assert run_action(environ, log) == 2
    assert "history: '--upload-pack=x' can't name a branch: use letters, digits, _ and -" in log.getvalue()
