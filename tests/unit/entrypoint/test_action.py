"""The action with a stand-in for the pocketfit program: what goes in, and what becomes of its report."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from entrypoint.action import run_action
from pocketfit.records import Environment, Report, Row, Smoke
from pocketfit.report import markdown
from pocketfit.report.markdown import render_markdown
from pocketfit.store import write_report
from tests.fake_github import CHECK_TOKEN, JOB_TOKEN, READ_ONLY_TOKEN, FakeGitHub, serve
from tests.unit.entrypoint.repository import Repository

REPO = "octo/phone"
FAILED = Row("tiny", "lite", "fp32", "failed", reasons=("50% of it\n::error::is gone",))
SMOKED = Row("big", "lite", "fp32", "failed", smoke=Smoke("failed", "op aten::foo cannot be found"))
LIMITED = Row("old", "lite", "fp32", "failed", failed_limits=("size_growth",))
UNKNOWN = Row("odd", "lite", "fp32", "failed")
GOOD = Report(
    "pass", None, "a" * 40, "0.1.0", Environment("2.12.1", "jvm", None, None), (Row("tiny", "lite", "fp32", "new"),)
)
BAD = replace(GOOD, verdict="fail", rows=(FAILED, SMOKED, LIMITED, UNKNOWN))


@dataclass
class Job:
    """A job on a real repository, with a program that stands in for pocketfit."""

    folder: Path
    hub: FakeGitHub
    repository: Repository
    event: str = "pull_request"
    token: str = JOB_TOKEN
    script: str = ""

    @property
    def workspace(self) -> Path:
        return self.repository.folder

    def will(self, report: Report | None = None, *, code: int = 0, says: str = "done", more: str = "") -> None:
        """Write `report`, print, and end with `code`."""
        if report is not None:
            write_report(self.folder / "given.json", report)
        self.script = f"""
import json, os, pathlib, shutil, sys
pathlib.Path({str(self.folder / "call.json")!r}).write_text(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]))
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
(out / "artifacts/head").mkdir(parents=True, exist_ok=True)
if {report is not None}:
    shutil.copy({str(self.folder / "given.json")!r}, out / "new.json")
    (out / "new.json").replace(out / "report.json")
    (out / "report.md").write_text("md")
    (out / "report.html").write_text("html")
{more}
print({says!r})
sys.exit({code})
"""

    def run(self, **inputs: str) -> tuple[int, str]:
        if not self.script:
            self.will(GOOD)
        sha = self.repository.work
        pull = {"number": 7, "head": {"sha": sha, "repo": {"full_name": REPO}}, "base": {"sha": self.repository.one}}
        (self.folder / "event.json").write_text(json.dumps({"pull_request": pull}))
        environ = {
            "PATH": "/usr/bin:/bin",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "INPUT_GITHUB-TOKEN": self.token,
            "ACTIONS_RUNTIME_TOKEN": "runtime",
        } | {f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()}
        log = io.StringIO()
        code = run_action(environ, log, (sys.executable, "-c", self.script))
        self.sees_no_token(log.getvalue())
        return code, log.getvalue()

    def sees_no_token(self, log: str) -> None:
        """The token is in no line of the log and in no file: those of the workspace, and what the child was started with."""
        canary = self.token.encode()
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        assert not [path for path in files if canary in path.read_bytes()]
        assert self.token not in log

    def call(self) -> tuple[list[str], dict[str, str], str]:
        words, environ, cwd = json.loads((self.folder / "call.json").read_text())
        return words, environ, cwd

    def outputs(self) -> dict[str, str]:
        text = (self.folder / "output").read_text()
        return {match[1]: match[3] for match in re.finditer(r"(.+)<<(.+)\n(.*)\n\2\n", text)}

    def comment(self, report: Report) -> str:
        """What the comment says of a report; this job has no page."""
        return "<!-- pocketfit:default -->\n" + render_markdown(report, job=markdown.Job(pushed=self.repository.work))

    def summary(self) -> str:
        path = self.folder / "summary"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    with serve() as hub:
        yield Job(tmp_path, hub, Repository(tmp_path / "workspace"))


def test_a_pull_request_gets_outputs_summary_and_comment(job: Job) -> None:
    code, log = job.run()

    words, environ, cwd = job.call()
    assert words == ["run", "--out", "pocketfit-out", "--base", job.repository.two, "--exact"]
    assert cwd == str(job.workspace)
    assert not [key for key, value in environ.items() if key.startswith(("INPUT_", "ACTIONS_")) or JOB_TOKEN in value]
    assert code == 0
    (comment,) = job.hub.comments[REPO, 7]
    assert comment["body"] == job.comment(GOOD)
    assert job.summary() == render_markdown(GOOD).rstrip("\n") + "\n"
    assert job.outputs() == {
        "verdict": "pass",
        "report-json": "pocketfit-out/report.json",
        "report-md": "pocketfit-out/report.md",
        "report-html": "pocketfit-out/report.html",
        "artifacts": "pocketfit-out/artifacts",
        "comment-url": comment["html_url"],
        "comment-posted": "true",
        "check-run-url": "",
    }
    assert re.fullmatch(
        rf"""base is {job.repository.two}: the target branch, as GitHub merged the pull request into it
::group::pocketfit run --out pocketfit-out --base {job.repository.two} --exact
::stop-commands::(\w+)
done

::\1::
::endgroup::
comment created: {re.escape(comment["html_url"])}
""",
        log,
    )


def test_the_second_run_updates_the_comment(job: Job) -> None:
    job.run()
    job.will(replace(GOOD, rows=()))
    _, log = job.run()
    assert job.hub.bodies(REPO, 7) == [job.comment(replace(GOOD, rows=()))]
    assert log.endswith(f"comment updated: {job.hub.comments[REPO, 7][0]['html_url']}\n")


def test_all_inputs_reach_the_command_line(job: Job) -> None:
    job.run(
        base="main", device="jvm", config="ci/pocketfit.toml", out="build/out", emulator_image="img:1", comment="off"
    )
    words, environ, _ = job.call()
    assert words == [
        *["run", "--out", "build/out", "--config", "ci/pocketfit.toml", "--device", "jvm"],
        *["--base", job.repository.two, "--exact"],
    ]
    assert environ["POCKETFIT_EMULATOR_IMAGE"] == "img:1"
    assert job.outputs()["report-json"] == "build/out/report.json"
    assert job.outputs()["comment-posted"] == "false"


def test_one_model_needs_no_file_in_the_workspace(job: Job) -> None:
    job.run(model="torchvision.models:resnet18", input_shape="1,3,224,224; 1, 16 : int64", formats="lite, torchscript")
    assert job.call()[0] == [
        *["run", "--out", "pocketfit-out", "--source", "torchvision.models:resnet18"],
        *["--shape", "1,3,224,224", "--shape", "1, 16 : int64", "--format", "lite", "--format", "torchscript"],
        *["--base", job.repository.two, "--exact"],
    ]


def test_a_failed_verdict_is_the_exit_code_and_says_why(job: Job) -> None:
    job.will(BAD, code=4)

    code, log = job.run()

    assert code == 4
    assert job.outputs()["verdict"] == "fail"
    assert job.outputs()["comment-posted"] == "true"
    assert log.splitlines()[-5:-1] == [
        "::error title=Pocketfit::tiny/lite/fp32: 50%25 of it ::error::is gone",
        "::error title=Pocketfit::big/lite/fp32: op aten::foo cannot be found",
        "::error title=Pocketfit::old/lite/fp32: limit size_growth passed",
        "::error title=Pocketfit::odd/lite/fp32: failed",
    ]


def test_a_verdict_without_a_failed_row(job: Job) -> None:
    job.will(replace(GOOD, verdict="error"), code=3)
    code, log = job.run()
    assert (code, job.outputs()["verdict"]) == (3, "error")
    assert "::error title=Pocketfit::the verdict is error\n" in log


@pytest.mark.parametrize(
    ("code", "says", "sentence"),
    [
        (2, "error: pocketfit.toml: unknown key 'modles'", "pocketfit.toml: unknown key 'modles'"),
        (3, "error: java is not installed", "java is not installed"),
        (1, "ValueError: oops", "pocketfit ended unexpectedly, with exit code 1: ValueError: oops"),
        (-9, "working", "pocketfit ended unexpectedly, with exit code -9: working"),
    ],
)
def test_a_run_without_a_report_says_its_last_line(job: Job, code: int, says: str, sentence: str) -> None:
    job.will(
        code=max(code, 0), says=says, more="" if code > 0 else "print('working', flush=True); os.kill(os.getpid(), 9)"
    )

    said, log = job.run()

    assert said == code
    assert log.splitlines()[-2:] == [f"::error title=Pocketfit::{sentence}", "no comment: there is no report"]
    assert job.outputs() == {
        "verdict": "error",
        "report-json": "",
        "report-md": "",
        "report-html": "",
        "artifacts": "pocketfit-out/artifacts",
        "comment-url": "",
        "comment-posted": "false",
        "check-run-url": "",
    }
    assert job.hub.comments == {}


def test_a_report_that_was_there_before_is_not_the_runs(job: Job) -> None:
    write_report(job.workspace / "pocketfit-out/report.json", GOOD)
    job.will(code=2, says="error: no configuration")
    job.run()
    assert job.outputs()["verdict"] == "error"
    assert job.hub.comments == {}


def test_a_report_that_can_not_be_read(job: Job) -> None:
    job.will(GOOD, more='(out / "report.json").write_text("{")')
    code, log = job.run()
    assert code == 0
    assert "no comment: there is no report\n" in log


def test_a_comment_that_fails_is_a_warning(job: Job) -> None:
    job.token = READ_ONLY_TOKEN
    code, log = job.run()
    assert code == 0
    assert (
        "::warning title=Pocketfit::could not comment: the token lacks the permission; add the permission "
        "`pull-requests: write` under `permissions:` of the job (GitHub answered 403 to POST /repos/octo/phone/issues/7/comments: Resource "
        "not accessible by integration)\n"
    ) in log
    assert (job.outputs()["verdict"], job.outputs()["comment-posted"]) == ("pass", "false")
    assert job.summary() == render_markdown(GOOD).rstrip("\n") + "\n"


CONFIG = '[models.tiny]\nsource = "net.py:net"\n'


def test_a_check_run_is_put_on_the_commit_that_was_pushed(job: Job) -> None:
    job.token = CHECK_TOKEN
    (job.workspace / "pocketfit.toml").write_text(CONFIG)
    job.will(BAD, code=4)
    code, log = job.run(check_run="true")
    (run,) = job.hub.check_runs[REPO]
    assert (code, run["conclusion"], run["head_sha"]) == (4, "failure", job.repository.work)
    assert job.outputs()["check-run-url"] == run["html_url"]
    assert f"check run created: {run['html_url']}\n" in log
    assert [(one["path"], one["start_line"]) for one in job.hub.annotations[run["id"]]] == [("pocketfit.toml", 1)]
    job.run(check_run="true")
    assert len(job.hub.check_runs[REPO]) == 1


def test_without_the_input_nothing_is_asked_about_check_runs(job: Job) -> None:
    job.token = CHECK_TOKEN
    job.run()
    assert job.outputs()["check-run-url"] == ""
    assert not [call for call in job.hub.calls() if "check-runs" in call]


def test_a_check_run_that_the_token_may_not_write_is_a_notice_and_the_comment_is_there(job: Job) -> None:
    code, log = job.run(check_run="true")
    assert code == 0
    assert (
        "::notice title=Pocketfit::no check run: the token lacks the permission; add the permission `checks: write` under "
        "`permissions:` of the job, or leave the input check-run out (GitHub answered 403 to POST "
        "/repos/octo/phone/check-runs: Resource not accessible by integration)\n"
    ) in log
    assert (job.outputs()["comment-posted"], job.outputs()["check-run-url"]) == ("true", "")


def test_a_base_that_github_does_not_know_is_found_in_the_clone(job: Job) -> None:
    job.repository.git("switch", "--quiet", "topic")
    code, _ = job.run()
    assert code == 0
    assert job.call()[0] == ["run", "--out", "pocketfit-out", "--base", job.repository.one, "--exact"]


def test_a_check_by_hand_compares_with_nothing_unless_asked(job: Job) -> None:
    job.event = "workflow_dispatch"
    code, log = job.run(mode="check")
    assert (code, job.call()[0]) == (0, ["run", "--out", "pocketfit-out", "--base", "none"])
    assert "base is none: the event workflow_dispatch has no base of its own: name one with the input base\n" in log


def test_a_base_that_is_not_there(job: Job) -> None:
    code, log = job.run(base="nope")
    assert code == 2
    assert log.endswith(
        "::error title=Pocketfit::base 'nope' is not a commit, branch or tag of this repository: see `git branch -a`\n"
    )


def test_workflow_dispatch_exports(job: Job) -> None:
    job.event = "workflow_dispatch"
    job.will(
        more="""
(out / "artifacts/head/tiny.lite.fp32.ptl").write_bytes(b"x" * 1234)
(out / "artifacts/head/manifest.json").touch()
"""
    )

    code, log = job.run(device="jvm")

    assert (code, job.call()[0]) == (0, ["export", "--out", "pocketfit-out"])
    assert log.endswith("no comment: there is no report\n")
    assert (job.outputs()["verdict"], job.outputs()["artifacts"]) == ("pass", "pocketfit-out/artifacts")
    assert job.summary() == (
        "### Pocketfit: exported\n\n| File | Bytes |\n| :-- | --: |\n| `tiny.lite.fp32.ptl` | 1,234 |\n"
    )


def test_an_export_that_failed_fails_the_job(job: Job) -> None:
    job.event = "workflow_dispatch"
    job.will(code=4, says="✗ tiny/lite/fp32 failed: no such module")
    code, log = job.run()
    assert (code, job.outputs()["verdict"]) == (4, "fail")
    assert "::error title=Pocketfit::✗ tiny/lite/fp32 failed: no such module\n" in log
    assert job.summary() == ""


def test_requirements_are_the_runs(job: Job) -> None:
    """It knows both sides, and runs pip without the token."""
    job.run(requirements="requirements/models.txt")
    assert job.call()[0][3:5] == ["--requirements", "requirements/models.txt"]


def test_without_a_folder_that_outlives_the_job_nothing_is_kept(job: Job) -> None:
    job.run()
    words, environ, _ = job.call()
    assert (environ["POCKETFIT_NO_CACHE"], "--cache" in words) == ("1", False)
    job.run(cache=".git/pocketfit-cache")
    words, environ, _ = job.call()
    assert words[3:5] == ["--cache", ".git/pocketfit-cache"]
    assert "POCKETFIT_NO_CACHE" not in environ


def test_reporting_belongs_to_its_event(job: Job) -> None:
    code, log = job.run(mode="report")
    assert code == 2
    assert log == (
        "::error title=Pocketfit::mode report belongs to the event workflow_run, not to pull_request: see "
        "docs/github.md for its two workflows\n"
    )


@pytest.mark.parametrize(
    ("file", "header", "inputs", "place"),
    [
        ("pocketfit.toml", "[models.tiny]", {}, "file=pocketfit.toml,line=3,"),
        ("ci/a,b.toml", '[ models . "tiny" ]', {"config": "ci/a,b.toml"}, "file=ci/a%2Cb.toml,line=3,"),
        ("pyproject.toml", "[tool.pocketfit.models.tiny.limits]", {}, "file=pyproject.toml,line=3,"),
        ("pocketfit.toml", "[models.tinier]", {}, ""),
        ("pocketfit.toml", "[models.tiny]", {"model": "a:tiny"}, ""),
    ],
)
def test_a_failure_is_shown_on_its_models_line(
    job: Job, file: str, header: str, inputs: dict[str, str], place: str
) -> None:
    (job.workspace / file).parent.mkdir(exist_ok=True)
    (job.workspace / file).write_text(f'# models\n\n{header}\nsource = "a:b"\n')
    job.will(replace(BAD, rows=(FAILED,)), code=4)
    _, log = job.run(**inputs)
    assert f"::error {place}title=Pocketfit::tiny/lite/fp32: 50%25 of it ::error::is gone\n" in log


def test_each_mistake_in_the_configuration_is_shown_on_its_line(job: Job) -> None:
    (job.workspace / "pocketfit.toml").write_text("# models\n")
    mistakes = [
        "pocketfit.toml:2: device.kind: 50%",
        "pocketfit.toml:9: models.net.source: x",
        "other.toml:3: far",
        "and 4 more",
    ]
    job.will(code=2, says="building\nerror: earlier\nhead\n" + "\n".join(f"error: {said}" for said in mistakes))

    code, log = job.run()

    assert code == 2
    assert [line for line in log.splitlines() if line.startswith("::error")] == [
        "::error file=pocketfit.toml,line=2,title=Pocketfit::pocketfit.toml:2: device.kind: 50%25",
        "::error file=pocketfit.toml,line=9,title=Pocketfit::pocketfit.toml:9: models.net.source: x",
        "::error title=Pocketfit::other.toml:3: far",
        "::error title=Pocketfit::and 4 more",
    ]


def test_a_mistake_is_on_the_line_of_the_file_that_was_named(job: Job) -> None:
    (job.workspace / "ci").mkdir()
    (job.workspace / "ci/nightly.toml").write_text("# models\n")
    job.will(code=2, says="error: nightly.toml:2: models: it is missing")
    _, log = job.run(config="ci/nightly.toml")
    assert "::error file=ci/nightly.toml,line=2,title=Pocketfit::nightly.toml:2: models: it is missing\n" in log


def test_a_configuration_that_leads_elsewhere_is_not_read(job: Job) -> None:
    (job.folder / "elsewhere.toml").write_text("[models.tiny]\n")
    (job.workspace / "pocketfit.toml").symlink_to(job.folder / "elsewhere.toml")
    job.will(BAD, code=4)
    _, log = job.run()
    assert "file=" not in log


def test_a_bug_in_commenting_is_a_warning_too(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret things")

    monkeypatch.setattr("entrypoint.action.publish", broken)
    code, log = job.run()
    assert code == 0
    assert log.endswith(
        "::warning title=Pocketfit::could not comment, by a bug of Pocketfit (ZeroDivisionError); please report it\n"
    )
    assert (job.outputs()["verdict"], job.outputs()["comment-posted"]) == ("pass", "false")


@pytest.mark.parametrize("place", ["pocketfit-out", "pocketfit-out/logs", "pocketfit-out/artifacts/head"])
def test_a_link_of_the_pull_requests_is_not_followed(job: Job, place: str) -> None:
    link = job.workspace / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(job.folder)
    code, log = job.run()
    assert code == 2
    assert log.endswith(
        f"::error title=Pocketfit::out: 'pocketfit-out' can't be used: {link} is a link; remove it, or name another folder\n"
    )
    assert not (job.folder / "call.json").exists()


def test_a_file_that_the_pull_request_put_there_is_not_used(job: Job) -> None:
    (job.workspace / "pocketfit-out").mkdir()
    (job.workspace / "pocketfit-out/report.json").write_text("{}")
    subprocess.run(["git", "-C", str(job.workspace), "add", "pocketfit-out"], check=True)
    code, log = job.run()
    assert code == 2
    assert log.endswith(
        "::error title=Pocketfit::out: 'pocketfit-out' can't be used: git tracks pocketfit-out/report.json there; "
        "name a folder that only runs write to\n"
    )


def test_planning_sets_the_matrix_and_comments_nothing(job: Job) -> None:
    plan = '{"include": [{"shard": 1, "variants": "tiny/lite/fp32", "estimated_s": null}]}'
    job.script = f"""
import json, pathlib, sys
pathlib.Path({str(job.folder / "call.json")!r}).write_text(json.dumps([sys.argv[1:], {{}}, ""]))
pathlib.Path(sys.argv[sys.argv.index("--output") + 1]).parent.mkdir()
pathlib.Path(sys.argv[sys.argv.index("--output") + 1]).write_text({plan!r})
"""
    code, _ = job.run(mode="plan", shards="2")
    assert (code, job.call()[0]) == (
        0,
        ["plan", "--output", "pocketfit-out/plan.json", "--shards", "2", "--base", job.repository.two, "--exact"],
    )
    assert job.outputs()["matrix"] == plan
    assert job.hub.comments == {}


def test_a_plan_that_is_none_is_an_error(job: Job) -> None:
    """The program ended well, but what it left is not ours."""
    (job.workspace / "pocketfit-out").mkdir()
    (job.workspace / "pocketfit-out/plan.json").write_text('{"include": [{"shard": 1, "variants": "$(id)"}]}')
    job.script = "pass"
    code, log = job.run(mode="plan")
    assert code == 2
    assert "is no variant" in log.splitlines()[-1]
    assert not (job.folder / "output").exists()


def test_a_shard_tries_its_variants(job: Job) -> None:
    job.run(variants="a/lite/fp32,b/lite/fp32", comment="off")
    assert job.call()[0][3:7] == ["--variant", "a/lite/fp32", "--variant", "b/lite/fp32"]
    assert job.hub.comments == {}


def test_mode_merge_comments(job: Job) -> None:
    (job.workspace / "results/shard-1").mkdir(parents=True)
    job.will(GOOD)
    code, _ = job.run(mode="merge", results="results")
    assert (code, job.call()[0]) == (0, ["merge", "--out", "pocketfit-out", "results/shard-1"])
    assert job.outputs()["verdict"] == "pass"
    assert job.hub.bodies(REPO, 7) == [job.comment(GOOD)]


def test_mode_merge_without_results_is_an_error(job: Job) -> None:
    code, log = job.run(mode="merge")
    assert code == 2
    assert "::error title=Pocketfit::mode merge needs the input results: the folder that" in log


def test_a_checkout_that_kept_its_credential(job: Job) -> None:
    """See hole 3: root's models run as other users, to whom it is closed; a user's own would read it."""
    job.repository.git("config", "http.https://github.com/.extraheader", "AUTHORIZATION: basic Y2FuYXJ5")
    job.will(GOOD, more='print("mode", oct(os.stat(".git/config").st_mode & 0o777))')
    code, log = job.run()
    if os.geteuid() == 0:
        assert code == 0
        assert "mode 0o600" in log
        assert "::warning title=Pocketfit::.git/config holds a credential, which is hidden from the models' code" in log
    else:
        assert code == 2
        assert "::error title=Pocketfit::.git/config holds a credential, which the models' code could read: set " in log
        assert not (job.folder / "call.json").exists(), "nothing was run"
